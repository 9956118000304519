//! Parameters as Nacos reads them: `WebUtils.required` and `optional`, Spring's `@RequestParam`,
//! and the service name that a filter has grouped before (`instance/params-query-and-form`,
//! `instance/name-aliases`, `instance/blank-params`).

use super::form::{self, BodyForm, Pair};
use crate::model::names::{DEFAULT_GROUP, GROUP_SEPARATOR};
use crate::model::{JavaException, Refusal, java};
use crate::profile::{Quirks, Repeated};
use std::borrow::Cow;

/// Where a parameter stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the query.
    Query,
    /// In the body.
    Body,
}

/// All parameters of one request.
#[derive(Debug)]
pub struct Params<'a> {
    pairs: Vec<Pair<'a>>,
    /// How many of the pairs stood in the query.
    in_query: usize,
    repeated: Repeated,
    service: Option<Cow<'a, str>>,
    encoding: Option<&'static encoding_rs::Encoding>,
    encoding_is_utf8: bool,
}

const SERVICE_NAME: &str = "serviceName";

impl<'a> Params<'a> {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// The body is a form that Spring can not decode.
    pub fn read(
        query: Option<&'a str>,
        body: &'a [u8],
        form: BodyForm<'_>,
        quirks: &Quirks,
    ) -> Result<Self, Refusal> {
        let mut pairs = Vec::with_capacity(16);
        if let Some(query) = query {
            form::tomcat(query.as_bytes(), &mut pairs);
        }
        let in_query = pairs.len();
        match form {
            BodyForm::None => {}
            BodyForm::Tomcat => form::tomcat_body(body, &mut pairs),
            BodyForm::Spring(charset) => form::spring(body, charset, &mut pairs)?,
            BodyForm::Multipart(boundary) => form::multipart(body, boundary, &mut pairs),
        }
        let repeated = quirks.params.repeated;
        let mut params = Self {
            pairs,
            in_query,
            repeated,
            service: None,
            encoding: None,
            encoding_is_utf8: true,
        };
        params.find_encoding();
        params.service = params.grouped_service(quirks);
        Ok(params)
    }

    fn find_encoding(&mut self) {
        let Some(name) = self.first("encoding").filter(|name| !name.is_empty()) else { return };
        if name.eq_ignore_ascii_case("utf-8") {
            return;
        }
        // An unknown charset leaves the value as it is.
        self.encoding = encoding_rs::Encoding::for_label(name.as_bytes());
        self.encoding_is_utf8 = self.encoding.is_none();
    }

    /// The first value in the order sent, query before form.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name)?.1.as_deref()
    }

    /// Whether the parameter is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// Where the first value stood.
    pub fn source(&self, name: &str) -> Option<Source> {
        let at = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(if at < self.in_query { Source::Query } else { Source::Body })
    }

    /// Whether the parameter has a value in the query, or in the body.
    pub fn has_in(&self, name: &str, source: Source) -> bool {
        let pairs = match source {
            Source::Query => &self.pairs[..self.in_query],
            Source::Body => &self.pairs[self.in_query..],
        };
        pairs.iter().any(|(key, _)| key == name)
    }

    /// Takes away every value of a parameter that stood there.
    pub fn drop_from(&mut self, name: &str, source: Source) {
        let in_query = self.in_query;
        let mut at = 0;
        let mut dropped_of_query = 0;
        self.pairs.retain(|(key, _)| {
            let here = if at < in_query { Source::Query } else { Source::Body };
            at += 1;
            let drop = key == name && here == source;
            dropped_of_query += usize::from(drop && here == Source::Query);
            !drop
        });
        self.in_query -= dropped_of_query;
    }

    /// The one value that `getParameter` gives.
    fn value(&self, name: &str) -> Option<&str> {
        if name == SERVICE_NAME {
            return self.service.as_deref();
        }
        let mut found = self.pairs.iter().filter(|(key, _)| key == name);
        let first = found.next()?.1.as_deref()?;
        if self.repeated == Repeated::FirstValue {
            return Some(first);
        }
        match found.next() {
            None => Some(first),
            Some(_) => self.distinct(name).first().copied(),
        }
    }

    /// `@RequestParam` of another type than a text: the first of several values, as sent.
    pub fn single(&self, name: &str) -> Option<&str> {
        self.value(name)
    }

    /// The values of a parameter as a `HashSet` gives them.
    fn distinct(&self, name: &str) -> Vec<&str> {
        let mut values: Vec<&str> = Vec::new();
        for (_, value) in self.pairs.iter().filter(|(key, _)| key == name) {
            let Some(value) = value.as_deref() else { continue };
            if !values.contains(&value) {
                values.push(value);
            }
        }
        java::sort_by_hash_order(&mut values, |value| value);
        values
    }

    /// `WebUtils.required`: present and not empty; trimmed after that.
    ///
    /// # Errors
    /// The parameter is missing or empty.
    pub fn required(&self, name: &str) -> Result<Cow<'_, str>, Refusal> {
        match self.value(name) {
            Some(value) if !value.is_empty() => Ok(self.resolve(value)),
            _ => Err(Refusal::param_required(name)),
        }
    }

    /// `WebUtils.optional`: `None` when missing or blank; trimmed.
    pub fn optional(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.value(name).filter(|value| !java::is_blank(value))?;
        Some(self.resolve(value))
    }

    /// `optional` with a default.
    pub fn or<'d>(&'d self, name: &str, default: &'d str) -> Cow<'d, str> {
        self.optional(name).unwrap_or(Cow::Borrowed(default))
    }

    /// The bytes of the value in the charset that the parameter `encoding` names, trimmed.
    fn resolve<'v>(&self, value: &'v str) -> Cow<'v, str> {
        if self.encoding_is_utf8 {
            return Cow::Borrowed(java::trim(value));
        }
        let encoding = self.encoding.unwrap_or(encoding_rs::UTF_8);
        let decoded = encoding.decode_without_bom_handling(value.as_bytes()).0;
        Cow::Owned(java::trim(&decoded).to_owned())
    }

    /// `@RequestParam String`: all values joined by commas, not trimmed.
    pub fn joined(&self, name: &str) -> Option<String> {
        if !self.contains(name) {
            return None;
        }
        if name == SERVICE_NAME {
            return self.service.clone().map(Cow::into_owned);
        }
        let values: Vec<&str> = match self.repeated {
            Repeated::HashSet => self.distinct(name),
            Repeated::FirstValue => self
                .pairs
                .iter()
                .filter(|(key, _)| key == name)
                .filter_map(|(_, value)| value.as_deref())
                .collect(),
        };
        Some(values.join(","))
    }

    /// A required `@RequestParam String`.
    ///
    /// # Errors
    /// The parameter is missing.
    pub fn joined_required(&self, name: &str) -> Result<String, Refusal> {
        self.joined(name)
            .ok_or_else(|| Refusal::new(JavaException::MissingParameter, name.to_owned()))
    }

    /// An `@RequestParam String` with a default, which an empty value takes, too.
    pub fn joined_or(&self, name: &str, default: &str) -> String {
        self.joined(name).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
    }

    /// The service's name as the filter in front of the controllers leaves it: grouped, unless it
    /// is blank or brings a group itself.
    fn grouped_service(&self, quirks: &Quirks) -> Option<Cow<'a, str>> {
        let at = self.pairs.iter().position(|(key, _)| key == SERVICE_NAME);
        let mut name = at.and_then(|at| self.pairs[at].1.clone());
        let blank = |name: &Option<Cow<'a, str>>| name.as_deref().is_none_or(java::is_blank);
        if quirks.params.dom_alias && blank(&name) {
            let dom = self.pairs.iter().find(|(key, _)| key == "dom");
            if let Some((_, Some(dom))) = dom {
                name = Some(dom.clone());
            }
        }
        let name = name?;
        if java::is_blank(&name) {
            return Some(name);
        }
        let name = if quirks.params.trim_service_name { trimmed(name) } else { name };
        if name.contains(GROUP_SEPARATOR) {
            return Some(name);
        }
        let group = self.first("groupName").filter(|group| !java::is_blank(group));
        Some(Cow::Owned(format!("{}{GROUP_SEPARATOR}{name}", group.unwrap_or(DEFAULT_GROUP))))
    }

    /// Every pair in the order found.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.pairs.iter().map(|(key, value)| (&**key, value.as_deref()))
    }
}

fn trimmed(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(java::trim(name)),
        Cow::Owned(name) if java::trim(&name).len() == name.len() => Cow::Owned(name),
        Cow::Owned(name) => Cow::Owned(java::trim(&name).to_owned()),
    }
}
