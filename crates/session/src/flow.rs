//! How a session was retrieved, and the numbers that say so (docs/spec/KEYS.md section 10). Information only: it decides no right.

/// How a session was retrieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// Created here.
    Created,
    /// By an own token.
    Direct,
    /// Through a group.
    Group,
    /// Through a proxy session.
    Proxy,
    /// By the key inside the message.
    Local,
    /// Through a SymEncKey.
    SymEncKey,
    /// Through a TMR access.
    Tmr,
    /// Written as 4 by a writer of unknown generation.
    LocalOrTmr,
    /// Not written, or a number without meaning; the number is kept.
    Unknown(Option<i64>),
}

/// Which generation of SDKs wrote a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Generation {
    /// The JavaScript SDK, the Go SDK from 0.10, mobile packages of that age.
    Current,
    /// The Go SDK up to 0.9.
    Go09,
    /// Not known.
    #[default]
    Unknown,
}

impl Flow {
    /// The name in reports: that of the route where there is one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Proxy => "proxy",
            Self::Local => "local",
            Self::SymEncKey => "symEncKey",
            Self::Tmr => "tmr",
            Self::LocalOrTmr => "localOrTmr",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Reads a number of the given generation (FLOW-02).
    pub fn from_number(number: Option<i64>, generation: Generation) -> Self {
        match (number, generation) {
            (Some(0), _) => Self::Created,
            (Some(1), _) => Self::Direct,
            (Some(2), _) => Self::Group,
            (Some(3), _) => Self::Proxy,
            (Some(4), Generation::Current) => Self::Local,
            (Some(4), Generation::Go09) => Self::Tmr,
            (Some(4), Generation::Unknown) => Self::LocalOrTmr,
            (Some(5), Generation::Current | Generation::Unknown) => Self::SymEncKey,
            (Some(6), Generation::Current | Generation::Unknown) => Self::Tmr,
            _ => Self::Unknown(number),
        }
    }

    /// The number that is written, of the current generation (FLOW-01); `None` leaves the field out.
    pub fn to_number(self) -> Option<i32> {
        match self {
            Self::Created => Some(0),
            Self::Direct => Some(1),
            Self::Group => Some(2),
            Self::Proxy => Some(3),
            Self::Local | Self::LocalOrTmr => Some(4),
            Self::SymEncKey => Some(5),
            Self::Tmr => Some(6),
            // One that means something now is another generation's: it would be read as what it was not.
            Self::Unknown(number) => number.filter(|number| !(0..=6).contains(number))?.try_into().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name() {
        let flows = [Flow::Created, Flow::Direct, Flow::Group, Flow::Proxy, Flow::Local, Flow::SymEncKey, Flow::Tmr];
        let names = ["created", "direct", "group", "proxy", "local", "symEncKey", "tmr"];
        assert_eq!(flows.map(Flow::as_str), names);
        assert_eq!([Flow::LocalOrTmr, Flow::Unknown(Some(9))].map(Flow::as_str), ["localOrTmr", "unknown"]);
    }

    #[test]
    fn four_means_what_its_writer_meant() {
        assert_eq!(Flow::from_number(Some(4), Generation::Current), Flow::Local);
        assert_eq!(Flow::from_number(Some(4), Generation::Go09), Flow::Tmr);
        assert_eq!(Flow::from_number(Some(4), Generation::Unknown), Flow::LocalOrTmr);
    }

    #[test]
    fn the_numbers_of_the_current_generation_round_trip() {
        for number in -1..9 {
            let flow = Flow::from_number(Some(number.into()), Generation::Current);
            assert_eq!(flow.to_number(), Some(number));
        }
        assert_eq!(Flow::from_number(None, Generation::Current), Flow::Unknown(None));
        assert_eq!(Flow::Unknown(None).to_number(), None);
        for number in [5, 6] {
            assert_eq!(
                Flow::from_number(Some(number), Generation::Go09).to_number(),
                None,
                "no SymEncKey, no TMR access"
            );
        }
    }
}
