//! Random ids. Those of sessions and of sockets are different types, and cannot be derived from each other.

use std::fmt;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LEN: usize = 20;

macro_rules! id {
    ($(#[$doc:meta])* $vis:vis $name:ident, shown $shown:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        $vis struct $name([u8; LEN]);

        impl $name {
            pub(crate) fn random() -> Self {
                Self(rand::random::<[u8; LEN]>().map(|byte| ALPHABET[usize::from(byte % 64)]))
            }

            /// Parses an id from a client.
            #[allow(dead_code, reason = "each id is read somewhere else")]
            pub(crate) fn parse(text: &str) -> Option<Self> {
                let bytes: [u8; LEN] = text.as_bytes().try_into().ok()?;
                bytes.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self(bytes))
            }

            /// The id on the wire: 20 URL-safe characters, 120 random bits.
            $vis fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.as_str()[..$shown])?;
                if $shown < LEN { f.write_str("…") } else { Ok(()) }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// Id of a session. It authenticates the client's requests, so it is not shown to others, and logs contain only its
    /// beginning.
    pub(crate) Sid, shown 6
}
id! {
    /// Recovery id of a socket, which a reconnecting client presents: also a secret.
    pub(crate) Pid, shown 6
}
id! {
    /// Id of a socket. It is public, and ends with the socket.
    pub SocketId, shown LEN
}

impl serde::Serialize for SocketId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
