//! Refusals: why the server did not do what was asked, as the Java exception that Nacos throws.
//! The texts are Nacos's own and stand here once; `wire/status.rs` alone decides what a client of
//! a given version sees of them.

use std::borrow::Cow;

/// The exception behind a refusal; each version maps it to a status and a body of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JavaException {
    /// `java.lang.IllegalArgumentException`.
    IllegalArgument,
    /// `java.lang.NumberFormatException`, a kind of IllegalArgumentException.
    NumberFormat,
    /// `NacosException` with its code.
    Nacos(u16),
    /// `MissingServletRequestParameterException`: an `@RequestParam` was left out.
    MissingParameter,
    /// The same of one that is no text, with the type it is declared with.
    MissingTypedParameter(&'static str),
    /// `MethodArgumentTypeMismatchException`: an `@RequestParam` is no number or boolean. The
    /// message carries the cause.
    TypeMismatch,
    /// `java.lang.IllegalStateException`.
    IllegalState,
    /// `java.lang.ClassCastException`.
    ClassCast,
    /// `java.lang.NullPointerException`; Java 8 gives it no text.
    NullPointer,
    /// `java.lang.ArrayIndexOutOfBoundsException`.
    ArrayIndex,
    /// `java.util.regex.PatternSyntaxException`, a kind of IllegalArgumentException.
    PatternSyntax,
    /// `java.lang.IndexOutOfBoundsException`.
    IndexOutOfBounds,
    /// `com.alibaba.fastjson.JSONException`, without a cause.
    FastJson,
    /// `com.alibaba.fastjson.JSONException` caused by a NumberFormatException.
    FastJsonNumber,
    /// `NacosDeserializationException`, code 101, caused by Jackson.
    Deserialization,
    /// `NacosRuntimeException` with its code.
    NacosRuntime(u16),
    /// `java.lang.Exception`.
    Plain,
    /// A filter's `sendError(status)`: the servlet container's error page, not a controller's.
    SendError(u16),
    /// `HttpMessageNotReadableException`: a body is missing or no JSON.
    NotReadable,
    /// `HttpRequestMethodNotSupportedException`: the path is known and the method is not.
    MethodNotSupported,
    /// `DuplicateKeyException`: a row is there already.
    DuplicateKey,
    /// `HttpMediaTypeNotAcceptableException`: an object was asked for as text.
    NotAcceptable,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{exception:?}: {message}")]
pub struct Refusal {
    /// What was thrown.
    pub exception: JavaException,
    /// The exception's own message, without class name or version-specific wrapping.
    pub message: Cow<'static, str>,
    /// Message of the cause where a version prints it.
    pub cause: Option<String>,
}

impl Refusal {
    /// A refusal with the given text.
    pub fn new(exception: JavaException, message: impl Into<Cow<'static, str>>) -> Self {
        Self { exception, message: message.into(), cause: None }
    }

    /// `NacosException(code, message)`.
    pub fn nacos(code: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(JavaException::Nacos(code), message)
    }

    /// `IllegalArgumentException(message)`.
    pub fn illegal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(JavaException::IllegalArgument, message)
    }

    /// `WebUtils.required`: a parameter is missing or empty.
    pub fn param_required(name: &str) -> Self {
        Self::illegal(format!("Param '{name}' is required."))
    }

    /// `Integer.parseInt` and its like.
    pub fn not_a_number(text: &str) -> Self {
        Self::new(JavaException::NumberFormat, format!("For input string: \"{text}\""))
    }

    /// `ServiceManager.checkServiceIsNull` of 2.x, which asks the data of 1.x.
    pub fn no_such_service(namespace: &str, service: &str) -> Self {
        let text = format!("service not found, namespace: {namespace}, serviceName: {service}");
        Self::nacos(400, text)
    }

    /// `NacosException(400)`: a weight outside 0 to 10000.
    pub fn weight_out_of_range() -> Self {
        Self::nacos(400, "instance format invalid: The weights range from 0.0 to 10000.0")
    }

    /// `ArrayIndexOutOfBoundsException` as Java 17 words it.
    pub fn array_index(index: usize, length: usize) -> Self {
        let text = format!("Index {index} out of bounds for length {length}");
        Self::new(JavaException::ArrayIndex, text)
    }

    /// `Enum.valueOf(null)`.
    pub fn no_enum_name() -> Self {
        Self::new(JavaException::NullPointer, "Name is null")
    }

    /// A NullPointerException as Java 8 words it.
    pub fn null_pointer() -> Self {
        Self::new(JavaException::NullPointer, "")
    }
}
