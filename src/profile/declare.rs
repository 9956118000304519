//! The macro behind the list of quirks: from one line for each it makes the typed field that the
//! hot path reads, and the table by which the command line and the admin API find it by name.

/// Declares the sections of `Quirks` and the table that finds a quirk by name.
macro_rules! quirks {
    ($($section:ident : $struct:ident {
        $($name:ident : $type:ty = $use:ident, $doc:literal;)+
    })+) => {
        $(
            #[doc = concat!("Quirks of the section `", stringify!($section), "`.")]
            #[derive(Debug, Clone, PartialEq)]
            pub struct $struct { $(#[doc = $doc] pub $name: $type,)+ }
        )+

        /// How one server behaves where versions differ.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Quirks {
            $(#[doc = concat!("Section `", stringify!($section), "`.")] pub $section: $struct,)+
        }

        /// Every quirk, in the order of profiles.
        pub const QUIRKS: &[QuirkInfo] = &[$($(QuirkInfo {
            name: concat!(stringify!($section), ".", stringify!($name)),
            doc: $doc,
            reason: reason!($use),
            kind: <$type as QuirkValue>::KIND,
            choices: <$type as QuirkValue>::CHOICES,
            valid: <$type as QuirkValue>::valid,
            read: |text| <$type as QuirkValue>::read(text).map(|value| value.text()),
        },)+)+];

        impl Quirks {
            /// Builds all quirks from texts; `read` gives the text of a name.
            pub(super) fn build<E>(
                mut read: impl FnMut(&'static str) -> Result<String, E>,
                bad: impl Fn(&'static str, &str) -> E,
            ) -> Result<Self, E> {
                Ok(Self { $($section: $struct { $($name: {
                    let key = concat!(stringify!($section), ".", stringify!($name));
                    let text = read(key)?;
                    <$type as QuirkValue>::read(&text).ok_or_else(|| bad(key, &text))?
                },)+ },)+ })
            }

            /// The text of a quirk's value.
            ///
            /// # Errors
            /// There is no quirk of that name.
            pub fn get(&self, name: &str) -> Result<String, ProfileError> {
                match name {
                    $($(concat!(stringify!($section), ".", stringify!($name)) =>
                        Ok(self.$section.$name.text()),)+)+
                    _ => Err(ProfileError::unknown_quirk(name)),
                }
            }

            /// Gives a quirk another value.
            ///
            /// # Errors
            /// There is no quirk of that name, or it can not have that value.
            pub fn set(&mut self, name: &str, text: &str) -> Result<(), ProfileError> {
                match name {
                    $($(concat!(stringify!($section), ".", stringify!($name)) =>
                        self.$section.$name = <$type as QuirkValue>::read(text)
                            .ok_or_else(|| ProfileError::bad_value(name, text))?,)+)+
                    _ => return Err(ProfileError::unknown_quirk(name)),
                }
                Ok(())
            }
        }
    };
}
pub(super) use quirks;

/// The word behind a quirk's type.
macro_rules! reason {
    (version) => {
        Reason::Versions
    };
    (operator) => {
        Reason::Operators
    };
}
pub(super) use reason;
