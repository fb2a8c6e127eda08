//! The text of an environment variable as a value: text where a text is wanted, YAML where anything else
//! is; a list is `[a, b]` as in YAML, `a, b`, or one alone.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The value of a variable: text where a text is wanted, YAML where anything else is.
pub(super) struct VariableText<'de>(pub(super) &'de str);

impl<'de> IntoDeserializer<'de, serde_yaml::Error> for VariableText<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for VariableText<'de> {
    type Error = serde_yaml::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        serde_yaml::Deserializer::from_str(self.0).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        // What is there is a text again: `[::1]:9464` is an address and no list.
        match self.0 {
            "" | "~" | "null" | "Null" | "NULL" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let text: StrDeserializer<'de, Self::Error> = self.0.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        read_list(self.0, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map struct identifier ignored_any
    }
}

/// Reads a list. An empty variable, such as one that is passed on without being set, is an empty list.
fn read_list<'de, V: Visitor<'de>>(
    text: &'de str,
    visitor: V,
) -> Result<V::Value, serde_yaml::Error> {
    let text = text.trim();
    if matches!(text, "" | "~" | "null") {
        return visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<VariableText<'de>>()));
    }
    if text.starts_with(['[', '-']) && !text.starts_with("[::") {
        return serde_yaml::Deserializer::from_str(text).deserialize_seq(visitor);
    }
    if text.starts_with('{') {
        let one: serde_yaml::Value = serde_yaml::from_str(&format!("[{text}]"))?;
        return one.deserialize_seq(visitor);
    }
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    visitor.visit_seq(SeqDeserializer::new(items.map(|item| VariableText(unquoted(item)))))
}

/// An item without the quotes that YAML would want around it.
fn unquoted(item: &str) -> &str {
    let within = |quote: char| item.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"')).unwrap_or(item)
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::super::tests::read;

    #[test]
    fn every_list_can_be_one_several_or_none_in_the_environment() {
        type Show = fn(&Settings) -> Vec<String>;
        let shown: [(&str, &str, &str, Show); 4] = [
            ("NEOKEYS_CORS__ORIGINS", "https://a", "https://b:1", |it| it.cors.origins.clone()),
            ("NEOKEYS_CONTRACT__SERVERS", "https://a/x", "http://[::1]:2/", |it| {
                it.contract.servers.clone()
            }),
            ("NEOKEYS_SWAGGER_UI__SCOPES", "a:b", "c", |it| it.swagger_ui.scopes.clone()),
            ("NEOKEYS_AUTH__THROTTLE__TRUSTED_PROXIES", "10.0.0.0/8", "fd00::/8", |it| {
                it.auth.throttle.trusted_proxies.iter().map(ToString::to_string).collect()
            }),
        ];
        for (variable, one, other, show) in shown {
            for (text, expected) in [
                (one.to_owned(), vec![one]),
                (format!(" {one} "), vec![one]),
                (format!("'{one}'"), vec![one]),
                (format!("{one},{other}"), vec![one, other]),
                (format!("{one} , \"{other}\","), vec![one, other]),
                (format!("['{one}', '{other}']"), vec![one, other]),
                (format!("- '{one}'\n- '{other}'"), vec![one, other]),
                (String::new(), vec![]),
                ("[]".to_owned(), vec![]),
            ] {
                let settings =
                    read("", &[(variable, &text)]).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(show(&settings), expected, "{variable}={text}");
            }
        }
        let issuer = "{ issuer: 'https://a/', audience: b }";
        for (text, count) in [
            (String::new(), 0),
            ("[]".to_owned(), 0),
            (issuer.to_owned(), 1),
            (format!("[{issuer}]"), 1),
            (format!("- {issuer}"), 1),
        ] {
            let file = "auth: { bearer: { issuers: [{ issuer: c, audience: d }] } }";
            let settings = read(file, &[("NEOKEYS_AUTH__BEARER__ISSUERS", &text)]).unwrap();
            assert_eq!(settings.auth.bearer.issuers.len(), count, "{text}");
        }
    }

    #[test]
    fn a_proxy_may_be_an_address_alone() {
        for (text, expected) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::1", "fd00::1/128"),
            ("[fd00::1]", "fd00::1/128"),
            ("::1", "::1/128"),
        ] {
            let proxies =
                |settings: Settings| settings.auth.throttle.trusted_proxies[0].to_string();
            let variable = [("NEOKEYS_AUTH__THROTTLE__TRUSTED_PROXIES", text)];
            assert_eq!(proxies(read("", &variable).unwrap()), expected, "{text}");
            let file = format!("auth: {{ throttle: {{ trusted_proxies: ['{text}'] }} }}");
            assert_eq!(proxies(read(&file, &[]).unwrap()), expected, "{text}");
        }
    }
}
