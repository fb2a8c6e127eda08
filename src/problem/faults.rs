//! The faults of a request body, by member.

use std::collections::BTreeMap;

/// Sentences by member, in the order in which they were found. Never empty in an answer, and bounded
/// whatever the request holds: of a member with many faults, the first [`Faults::TOLD`] are told, and
/// how many there are besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<MemberFaults>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct MemberFaults {
    member: String,
    sentences: Vec<String>,
    untold: usize,
}

impl Faults {
    /// The key of faults that are the whole body's.
    pub(crate) const BODY: &str = "$";

    /// How many faults of one member are told.
    pub(crate) const TOLD: usize = 20;

    /// Adds a sentence to a member.
    pub(crate) fn add(&mut self, member: &str, sentence: impl Into<String>) {
        match self.0.iter_mut().find(|it| it.member == member) {
            Some(faults) if faults.sentences.len() < Self::TOLD => {
                faults.sentences.push(sentence.into());
            }
            Some(faults) => faults.untold += 1,
            None => self.0.push(MemberFaults {
                member: member.to_owned(),
                sentences: vec![sentence.into()],
                untold: 0,
            }),
        }
    }

    /// The same, with a sentence more for each member of which not every fault is told.
    pub(super) fn closed(mut self) -> Self {
        for faults in self.0.iter_mut().filter(|faults| faults.untold > 0) {
            let untold = std::mem::take(&mut faults.untold);
            let more =
                if untold == 1 { "one more fault" } else { &format!("{untold} more faults") };
            faults.sentences.push(format!("There is more: {more} of this member."));
        }
        self
    }

    /// Whether a member has a fault.
    pub(crate) fn concern(&self, member: &str) -> bool {
        self.0.iter().any(|it| it.member == member)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentences by member, as the contract's `errors` has them.
    pub(crate) fn by_member(&self) -> BTreeMap<&str, Vec<&str>> {
        let told = self.0.iter().map(|MemberFaults { member, sentences, .. }| {
            (member.as_str(), sentences.iter().map(String::as_str).collect())
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn of_a_member_with_many_faults_the_first_are_told_and_the_rest_counted() {
        let mut faults = Faults::default();
        for number in 0..Faults::TOLD {
            faults.add("a", number.to_string());
        }
        assert_eq!(faults.clone().closed(), faults);
        faults.add("b", "one");
        faults.add("a", "over");
        let told = faults.clone().closed();
        let told = &told.by_member()["a"];
        assert_eq!(told.len(), Faults::TOLD + 1);
        assert_eq!(told[Faults::TOLD], "There is more: one more fault of this member.");
        (0..31_999).for_each(|_| faults.add("a", "over"));
        let told = faults.closed();
        assert_eq!(
            told.by_member()["a"].last(),
            Some(&"There is more: 32000 more faults of this member.")
        );
        assert_eq!(told.by_member()["b"], ["one"]);
    }
}
