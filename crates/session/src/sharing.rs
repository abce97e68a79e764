//! Which shared things to open: proxies and groups cost once and serve many sessions (docs/spec/EGRESS.md section 4).
//!
//! This is facility location, which has no quick exact answer. Where few shared things depend on each other, every choice is looked at. Else
//! what serves most for its price is opened first; then single openings are taken back and exchanged for others while that saves anything.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};

/// Sessions that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// How many of them there are.
    pub(crate) weight: u64,
    /// What each costs without anything shared, if there is such a way.
    pub(crate) alone: Option<u64>,
    /// Shared things that serve them, and what each of them costs then.
    pub(crate) options: Vec<(usize, u64)>,
}

/// Which of the shared things, whose prices are given, are opened.
pub(crate) fn choose(prices: &[u64], clients: &[Client]) -> Vec<bool> {
    let mut choice = Choice::new(prices, clients);
    choice.open_the_most_useful();
    choice.improve();
    choice.settle();
    choice.open
}

/// Of so many shared things that depend on each other, every choice is looked at.
const FEW: usize = 10;

struct Choice<'a> {
    prices: &'a [u64],
    clients: &'a [Client],
    /// The clients that each shared thing serves.
    served: Vec<Vec<usize>>,
    open: Vec<bool>,
    /// More than everything together: what a session costs that nothing reaches.
    closed: u128,
    /// Looks at a client's option that are left: improving is not for ever.
    budget: usize,
}

/// How much is saved for its price.
struct Usefulness {
    saved: u128,
    price: u64,
}

impl PartialEq for Usefulness {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Usefulness {}

impl PartialOrd for Usefulness {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Usefulness {
    fn cmp(&self, other: &Self) -> Ordering {
        let [own, others] = [(self.saved, other.price), (other.saved, self.price)]
            .map(|(saved, price)| saved.saturating_mul(price.into()));
        own.cmp(&others).then(self.saved.cmp(&other.saved))
    }
}

impl<'a> Choice<'a> {
    fn new(prices: &'a [u64], clients: &'a [Client]) -> Self {
        const BUDGET: usize = 30_000_000;
        let mut served = vec![Vec::new(); prices.len()];
        for (place, client) in clients.iter().enumerate() {
            for (shared, _) in &client.options {
                served[*shared].push(place);
            }
        }
        let dearest = clients.iter().flat_map(|client| &client.options).map(|(_, cost)| u128::from(*cost)).max();
        let alone = clients.iter().filter_map(|client| client.alone).max().unwrap_or(0);
        let closed =
            prices.iter().map(|price| u128::from(*price)).sum::<u128>() + dearest.unwrap_or(0) + u128::from(alone) + 1;
        let open = prices.iter().map(|price| *price == 0).collect();
        Self { prices, clients, served, open, closed, budget: BUDGET }
    }

    /// Opens one after the other what saves most for its price, while that saves more than it costs.
    fn open_the_most_useful(&mut self) {
        let usefulness =
            |choice: &Self, shared: usize| Usefulness { saved: choice.saved_by(shared), price: choice.prices[shared] };
        let mut heap: BinaryHeap<_> =
            (0..self.prices.len()).map(|shared| (usefulness(self, shared), Reverse(shared))).collect();
        while let Some((before, Reverse(shared))) = heap.pop() {
            // Others were opened since: it saves as much, or less.
            let now = usefulness(self, shared);
            if now.saved <= now.price.into() || self.open[shared] {
                continue;
            }
            if now < before && heap.peek().is_some_and(|(next, _)| *next > now) {
                heap.push((now, Reverse(shared)));
            } else {
                self.open[shared] = true;
            }
        }
    }

    /// Takes back what is not worth its price any more, and exchanges.
    fn improve(&mut self) {
        (0..self.prices.len()).for_each(|shared| {
            self.close_if_better(shared);
        });
        let mut improved = true;
        while improved && self.budget > 0 {
            improved = false;
            for shared in 0..self.prices.len() {
                if self.budget == 0 {
                    return;
                }
                improved |= self.exchange(shared) || self.replace(shared);
            }
        }
    }

    /// Looks at every choice where that is quick.
    fn settle(&mut self) {
        /// Options of sessions that are looked at for one group of shared things, and for all.
        const EACH: usize = 1 << 18;
        let mut budget = 1_usize << 27;
        for group in self.groups() {
            let clients: BTreeSet<_> = group.iter().flat_map(|shared| self.served[*shared].iter().copied()).collect();
            let options: usize = clients.iter().map(|client| self.clients[*client].options.len()).sum();
            let looks = options << group.len().min(FEW);
            if group.len() > FEW || looks > EACH || looks > budget {
                continue;
            }
            budget -= looks;
            let mut best = (self.total(&group, &clients), self.chosen(&group));
            for choice in 0..1_u32 << group.len() {
                self.set(&group, choice);
                let total = self.total(&group, &clients);
                if total < best.0 {
                    best = (total, choice);
                }
            }
            self.set(&group, best.1);
        }
    }

    /// The shared things with a price that serve the same sessions, or are connected by such.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut seen: Vec<bool> = self.prices.iter().map(|price| *price == 0).collect();
        let mut groups = Vec::new();
        for first in 0..self.prices.len() {
            if std::mem::replace(&mut seen[first], true) {
                continue;
            }
            let (mut group, mut next) = (vec![first], 0);
            // What is too many is found too, but not looked through further.
            while let Some(shared) = group.get(next).copied().filter(|_| group.len() <= FEW) {
                next += 1;
                for (other, _) in self.served[shared].iter().flat_map(|client| &self.clients[*client].options) {
                    if !std::mem::replace(&mut seen[*other], true) {
                        group.push(*other);
                    }
                }
            }
            groups.push(group);
        }
        groups
    }

    fn chosen(&self, group: &[usize]) -> u32 {
        group.iter().rev().fold(0, |choice, shared| choice << 1 | u32::from(self.open[*shared]))
    }

    fn set(&mut self, group: &[usize], choice: u32) {
        group.iter().enumerate().for_each(|(bit, shared)| self.open[*shared] = choice >> bit & 1 == 1);
    }

    fn total(&self, group: &[usize], clients: &BTreeSet<usize>) -> u128 {
        let prices: u128 =
            group.iter().filter(|shared| self.open[**shared]).map(|shared| u128::from(self.prices[*shared])).sum();
        let costs = clients.iter().map(|client| &self.clients[*client]);
        prices + costs.map(|client| self.cost(client, None).saturating_mul(client.weight.into())).sum::<u128>()
    }

    /// Opens one more if others can be closed then and all in all something is saved.
    fn exchange(&mut self, shared: usize) -> bool {
        if self.open[shared] {
            return false;
        }
        let mut balance = signed(self.saved_by(shared)) - i128::from(self.prices[shared]);
        let rivals: BTreeSet<_> = self.rivals(shared);
        self.open[shared] = true;
        let mut closed = Vec::new();
        for rival in rivals {
            let saved = self.close_if_better(rival);
            if saved > 0 {
                balance += saved;
                closed.push(rival);
            }
        }
        if balance <= 0 {
            closed.iter().for_each(|rival| self.open[*rival] = true);
            self.open[shared] = false;
        }
        balance > 0
    }

    /// Closes one and opens for its clients whatever is best then, if all in all something is saved.
    fn replace(&mut self, shared: usize) -> bool {
        if !self.open[shared] || self.prices[shared] == 0 {
            return false;
        }
        let mut balance = i128::from(self.prices[shared]) - signed(self.lost_without(shared));
        let candidates: BTreeSet<_> = self.served[shared]
            .iter()
            .flat_map(|client| &self.clients[*client].options)
            .map(|(other, _)| *other)
            .filter(|other| !self.open[*other])
            .collect();
        self.open[shared] = false;
        let mut opened = Vec::new();
        while self.budget > 0 {
            let gain = |other: &usize| signed(self.saved_by(*other)) - i128::from(self.prices[*other]);
            let best =
                candidates.iter().filter(|other| !self.open[**other]).map(|other| (gain(other), Reverse(*other))).max();
            self.budget = self.budget.saturating_sub(candidates.iter().map(|other| self.served[*other].len()).sum());
            let Some((gain, Reverse(other))) = best.filter(|(gain, _)| *gain > 0) else { break };
            self.open[other] = true;
            balance += gain;
            opened.push(other);
        }
        if balance <= 0 {
            opened.iter().for_each(|other| self.open[*other] = false);
            self.open[shared] = true;
        }
        balance > 0
    }

    /// Closes one if that saves something; tells how much.
    fn close_if_better(&mut self, shared: usize) -> i128 {
        if !self.open[shared] || self.prices[shared] == 0 {
            return 0;
        }
        let saved = i128::from(self.prices[shared]) - signed(self.lost_without(shared));
        self.budget = self.budget.saturating_sub(self.served[shared].len());
        if saved > 0 {
            self.open[shared] = false;
        }
        saved.max(0)
    }

    /// The open ones that serve the clients of this one.
    fn rivals(&mut self, shared: usize) -> BTreeSet<usize> {
        let clients = self.served[shared].iter().map(|client| &self.clients[*client]);
        let options: Vec<_> = clients.flat_map(|client| &client.options).map(|(other, _)| *other).collect();
        self.budget = self.budget.saturating_sub(options.len());
        options.into_iter().filter(|other| self.open[*other]).collect()
    }

    /// What opening it would save its clients.
    fn saved_by(&self, shared: usize) -> u128 {
        let saved = self.served[shared].iter().map(|place| {
            let client = &self.clients[*place];
            let served = client
                .options
                .iter()
                .find(|(option, _)| *option == shared)
                .map_or(self.closed, |(_, cost)| (*cost).into());
            self.cost(client, None).saturating_sub(served).saturating_mul(client.weight.into())
        });
        saved.sum()
    }

    /// What closing it would cost its clients.
    fn lost_without(&self, shared: usize) -> u128 {
        let lost = self.served[shared].iter().map(|place| {
            let client = &self.clients[*place];
            let lost = self.cost(client, Some(shared)) - self.cost(client, None);
            lost.saturating_mul(client.weight.into())
        });
        lost.sum()
    }

    /// What a client costs as things are, or without one of them.
    fn cost(&self, client: &Client, without: Option<usize>) -> u128 {
        let open = client.options.iter().filter(|(option, _)| self.open[*option] && Some(*option) != without);
        let costs = open.map(|(_, cost)| *cost).chain(client.alone);
        costs.min().map_or(self.closed, u128::from)
    }
}

fn signed(number: u128) -> i128 {
    i128::try_from(number).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use std::ops::RangeInclusive;

    const CLOSED: u64 = 1 << 40;

    fn total(prices: &[u64], clients: &[Client], open: impl Fn(usize) -> bool) -> u64 {
        let prices: u64 = prices.iter().enumerate().filter(|(shared, _)| open(*shared)).map(|(_, price)| price).sum();
        let each = |client: &Client| {
            let options = client.options.iter().filter(|(shared, _)| open(*shared)).map(|(_, cost)| *cost);
            client.weight * options.chain(client.alone).min().unwrap_or(CLOSED)
        };
        prices + clients.iter().map(each).sum::<u64>()
    }

    /// The optimum, by looking at every choice.
    fn optimum(prices: &[u64], clients: &[Client]) -> u64 {
        (0..1_u32 << prices.len()).map(|open| total(prices, clients, |shared| open >> shared & 1 == 1)).min().unwrap()
    }

    /// Prices and costs as they are: keys of four sizes, symmetric openings.
    fn worlds(most: usize) -> impl Strategy<Value = (Vec<u64>, Vec<Client>)> {
        worlds_of(1..=most, 1..=14)
    }

    fn worlds_of(
        shared: RangeInclusive<usize>,
        clients: RangeInclusive<usize>,
    ) -> impl Strategy<Value = (Vec<u64>, Vec<Client>)> {
        let rsa = || prop::sample::select(vec![30_u64, 250, 850, 2000]);
        prop::collection::vec(prop_oneof![1 => Just(0), 9 => rsa()], shared).prop_flat_map(move |prices| {
            let service = prop_oneof![4 => Just(2_u64), 1 => Just(252)];
            let options = prop::collection::btree_map(0..prices.len(), service, 1..=4.min(prices.len()));
            let client = (1_u64..4, prop::option::of(rsa()), options).prop_map(|(weight, alone, options)| Client {
                weight,
                alone,
                options: options.into_iter().collect(),
            });
            (Just(prices), prop::collection::vec(client, clients.clone()))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_choice_is_better_where_few_depend_on_each_other((prices, clients) in worlds(FEW)) {
            let open = choose(&prices, &clients);
            prop_assert_eq!(total(&prices, &clients, |shared| open[shared]), optimum(&prices, &clients), "EGR-20");
        }

        #[test]
        fn what_is_not_looked_through_is_good_too((prices, clients) in worlds(12)) {
            let mut choice = Choice::new(&prices, &clients);
            choice.open_the_most_useful();
            choice.improve();
            let (chosen, best) = (total(&prices, &clients, |shared| choice.open[shared]), optimum(&prices, &clients));
            prop_assert!(chosen <= best * 2, "{chosen} {best}");
        }
    }

    /// Many worlds of a fixed generator: how good the quick choice is on the whole.
    #[test]
    fn the_quick_choice_is_nearly_the_best_one() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let (mut chosen, mut best, mut worse) = (0, 0, 0);
        for _ in 0..300 {
            let (prices, clients) = worlds(12).new_tree(&mut runner).unwrap().current();
            let mut choice = Choice::new(&prices, &clients);
            choice.open_the_most_useful();
            choice.improve();
            let costs = (total(&prices, &clients, |shared| choice.open[shared]), optimum(&prices, &clients));
            chosen += costs.0;
            best += costs.1;
            worse += usize::from(costs.0 * 10 > costs.1 * 12);
        }
        assert!(chosen * 100 <= best * 103 && worse <= 6, "EGR-20: {chosen} {best} {worse}");
        // Any change of a choice shows here. Less is better.
        assert_eq!((chosen, best, worse), (546_532, 546_312, 0), "EGR-20");
    }

    /// As above, where every kind of improvement finds something. What is best is not known there.
    #[test]
    fn every_improvement_of_the_quick_choice_counts() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut chosen = 0;
        for _ in 0..100 {
            let (prices, clients) = worlds_of(40..=40, 80..=80).new_tree(&mut runner).unwrap().current();
            let open = choose(&prices, &clients);
            chosen += total(&prices, &clients, |shared| open[shared]);
        }
        // Less is better.
        assert_eq!(chosen, 1_555_652, "EGR-20");
    }

    #[test]
    fn two_that_serve_all_are_better_than_three_that_serve_most() {
        // The largest one first leaves two rests.
        let serves = [&[0, 1, 2, 3][..], &[0, 1, 4], &[2, 3, 5]];
        let client = |place| Client {
            weight: 1,
            alone: None,
            options: serves
                .iter()
                .enumerate()
                .filter(|(_, serves)| serves.contains(&place))
                .map(|(shared, _)| (shared, 2))
                .collect(),
        };
        let clients: Vec<_> = (0..6).map(client).collect();
        assert_eq!(choose(&[250; 3], &clients), [false, true, true]);
    }

    #[test]
    fn what_is_dearer_than_what_it_saves_stays_closed() {
        let client = |alone| Client { weight: 1, alone: Some(alone), options: vec![(0, 2)] };
        assert_eq!(choose(&[250], &[client(250)]), [false]);
        assert_eq!(choose(&[250], &[client(250), client(250)]), [true]);
        assert_eq!(choose(&[250], &[client(2000)]), [true]);
        assert_eq!(choose(&[0], &[client(2)]), [true]);
    }
}
