//! Arguments of events and acks: JSON, and binary attachments beside it.
//!
//! ```text
//! values ─▶ Args::of ─▶ JSON with numbered placeholders + attachments ─▶ packet
//! values ◀─ Args::get ◀─ JSON with numbered placeholders + attachments ◀─ packet
//! ```
//!
//! [`Binary`] finds its attachment through a thread-local list, which exists only while arguments are encoded or
//! decoded. It may therefore stand anywhere within a type that derives `Serialize` or `Deserialize`.

use std::{borrow::Cow, cell::RefCell};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::{Error as _, SerializeStruct},
};
use serde_json::value::RawValue;

mod placeholders;

use placeholders::are_valid;

/// The encoded arguments of an event or ack, which can be forwarded without their types.
#[derive(Debug, Clone, Default)]
pub struct Args {
    pub(crate) json: Vec<Box<RawValue>>,
    pub(crate) attachments: Vec<Bytes>,
}

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// One argument.
    ///
    /// # Errors
    /// The value has no JSON form, such as a map whose keys are not strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Self> {
        let mut args = Self::default();
        args.push(value)?;
        Ok(args)
    }

    /// Adds an argument.
    ///
    /// # Errors
    /// The value has no JSON form; the arguments are unchanged.
    pub fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> serde_json::Result<()> {
        let before = self.attachments.len();
        let outer = ENCODED.replace(Some(std::mem::take(&mut self.attachments)));
        let json = serde_json::value::to_raw_value(value);
        self.attachments = ENCODED.replace(outer).unwrap_or_default();
        match json {
            Ok(json) => {
                self.json.push(json);
                Ok(())
            }
            Err(error) => {
                self.attachments.truncate(before);
                Err(error)
            }
        }
    }

    /// Adds an argument. A value without a JSON form becomes `null` and is logged: it is an error in the program.
    #[must_use]
    pub fn with<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        if let Err(error) = self.push(value) {
            tracing::error!(%error, kind = std::any::type_name::<T>(), "an argument has no JSON form; null was sent");
            self.json.push(RawValue::NULL.to_owned());
        }
        self
    }

    /// Decodes the argument at `index`; a missing one as `null`.
    ///
    /// # Errors
    /// The JSON does not match `T`, or a binary value has no attachment.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> serde_json::Result<T> {
        let json = self.json.get(index).map_or("null", |json| json.get());
        let outer = DECODED.replace(self.attachments.clone());
        let value = serde_json::from_str(json);
        DECODED.set(outer);
        value
    }

    /// The arguments as JSON. A binary value is `{"_placeholder":true,"num":n}`, where `n` is an index of
    /// [`attachments`](Self::attachments).
    pub fn json(&self) -> &[Box<RawValue>] {
        &self.json
    }

    /// The binary values.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Number of arguments.
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// Drops the first `n` arguments. All attachments stay, because placeholders refer to them by index.
    pub(crate) fn skip(mut self, n: usize) -> Self {
        self.json.drain(..n.min(self.json.len()));
        self
    }

    /// Whether every placeholder has an attachment. Otherwise the receiving client would treat the packet as invalid,
    /// and disconnect.
    pub(crate) fn has_valid_placeholders(&self) -> bool {
        self.attachments.is_empty()
            || self.json.iter().all(|json| are_valid(json.get(), self.attachments.len()))
    }

    /// The same arguments, with `null` for those whose placeholder has no attachment.
    pub(crate) fn with_valid_placeholders(&self) -> Cow<'_, Self> {
        if self.has_valid_placeholders() {
            return Cow::Borrowed(self);
        }
        tracing::error!("an argument has a binary placeholder without an attachment; null was sent");
        let mut args = self.clone();
        for json in args.json.iter_mut().filter(|json| !are_valid(json.get(), self.attachments.len())) {
            *json = RawValue::NULL.to_owned();
        }
        Cow::Owned(args)
    }

    /// Bytes of all arguments together.
    pub(crate) fn size(&self) -> usize {
        self.json.iter().map(|json| json.get().len() + 1).sum::<usize>()
            + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

/// Builds arguments from serializable values: `args![1, "two", Binary::from(bytes)]`.
///
/// ```
/// let args = socketio::args!["a", 2, [3, 4]];
/// assert_eq!(args.len(), 3);
/// ```
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { $crate::Args::new()$(.with(&$value))* };
}

/// Bytes, as an argument or within one; an `ArrayBuffer` in a browser.
///
/// Valid in events and acks only: it has no JSON form of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Binary(pub Bytes);

impl<T: Into<Bytes>> From<T> for Binary {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

thread_local! {
    static ENCODED: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
    static DECODED: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
}

#[derive(Deserialize)]
struct Placeholder {
    _placeholder: bool,
    num: usize,
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let num = ENCODED.with_borrow_mut(|list| {
            let list = list.as_mut()?;
            // Equal slices travel once.
            let same = |other: &Bytes| other.as_ptr() == self.0.as_ptr() && other.len() == self.0.len();
            let known = list.iter().position(same);
            if known.is_none() {
                list.push(self.0.clone());
            }
            Some(known.unwrap_or(list.len() - 1))
        });
        let num = num.ok_or_else(|| S::Error::custom("binary values travel in events and acks only"))?;
        let mut placeholder = serializer.serialize_struct("Placeholder", 2)?;
        placeholder.serialize_field("_placeholder", &true)?;
        placeholder.serialize_field("num", &num)?;
        placeholder.end()
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = || D::Error::custom("expected binary");
        let Placeholder { _placeholder, num } =
            Placeholder::deserialize(deserializer).map_err(|_| wanted())?;
        let bytes = DECODED.with_borrow(|list| list.get(num).cloned());
        bytes.filter(|_| _placeholder).map(Self).ok_or_else(wanted)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        name: String,
        parts: Vec<Binary>,
    }

    #[test]
    fn binary_values_become_attachments() {
        let file = File { name: "a".into(), parts: vec![Binary::from("one"), Binary::from("two")] };
        let args = args![Binary::from("zero"), file];
        assert_eq!(args.json()[0].get(), r#"{"_placeholder":true,"num":0}"#);
        assert_eq!(args.attachments(), ["zero", "one", "two"]);
        assert_eq!(args.get::<File>(1).unwrap(), file);
    }

    #[test]
    fn equal_slices_share_one_attachment() {
        let one = Binary::from(vec![7; 1000]);
        let args = args![vec![one.clone(); 3000], one, Binary::from("other")];
        assert_eq!(args.attachments().len(), 2);
        assert_eq!(args.get::<Vec<Binary>>(0).unwrap().len(), 3000);
    }

    #[test]
    fn placeholder_without_attachment_is_not_binary() {
        let args = args![serde_json::json!({ "_placeholder": true, "num": 0 }), 7];
        assert!(args.get::<Binary>(0).is_err());
        assert!(args.get::<Binary>(1).is_err());
        assert!(serde_json::to_string(&Binary::default()).is_err(), "not JSON by itself");
    }

    #[test]
    fn placeholder_without_attachment_is_sent_as_null() {
        for fake in [r#"{"_placeholder":true,"num":1}"#, r#"[{"\u005fplaceholder":true}]"#] {
            let fake: Value = serde_json::from_str(fake).unwrap();
            assert!(args![fake].has_valid_placeholders(), "placeholders count beside attachments only");
            let args = args![fake, Binary::from("x")];
            assert!(!args.has_valid_placeholders());
            let sound = args.with_valid_placeholders();
            assert_eq!(sound.json()[0].get(), "null");
            assert!(sound.has_valid_placeholders() && sound.get::<Binary>(1).is_ok());
        }
        assert!(
            args![Binary::from("x"), serde_json::json!({ "_placeholder": false })].has_valid_placeholders()
        );
    }

    #[test]
    fn missing_argument_is_null() {
        assert_eq!(args![].get::<Option<u8>>(3).unwrap(), None);
        assert!(args![].get::<u8>(0).is_err());
    }

    #[test]
    fn unserializable_argument_leaves_args_unchanged() {
        let bad = (Binary::from("x"), std::collections::HashMap::from([(vec![1], 1)]));
        let mut args = args![1];
        assert!(args.push(&bad).is_err());
        assert!(args.attachments().is_empty());
        assert_eq!(args.with(&bad).json()[1].get(), "null");
    }
}
