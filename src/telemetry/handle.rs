//! Handles of metrics: what a stage holds to count, made once at start.
//!
//! A handle is a plain atomic behind the recorder; using one looks nothing up and allocates
//! nothing. [`Handle`] is how the table of `telemetry::metric` makes a field of a stage's struct
//! from its row.

use std::marker::PhantomData;

use metrics::{Counter, Gauge, Histogram, Key, Level, Metadata, Recorder};

use super::label::Label;
use super::metric::Kind;

/// One label of a metric with its closed set of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSet {
    /// Its name.
    pub name: &'static str,
    /// Every value it can have.
    pub values: Vec<&'static str>,
}

/// The labels of one series, in table order.
type Series<'a> = &'a [(&'static str, &'static str)];

const METADATA: Metadata<'static> = Metadata::new("clickd", Level::INFO, None);

fn key(name: &'static str, series: Series<'_>) -> Key {
    let labels: Vec<metrics::Label> = series
        .iter()
        .map(|(name, value)| metrics::Label::from_static_parts(name, value))
        .collect();
    Key::from_parts(name, labels)
}

/// A handle to one metric: a single series, or one series for each value of its labels.
pub trait Handle: Sized {
    /// The kind of metric it writes to.
    const KIND: Kind;

    /// The labels it spans, in order.
    fn labels() -> Vec<LabelSet>;

    /// Makes its series in `recorder` under `name`; each shows as 0 from then on.
    fn register(recorder: &dyn Recorder, name: &'static str) -> Self;
}

/// A handle to a single series.
trait Single: Handle {
    fn series(recorder: &dyn Recorder, name: &'static str, series: Series<'_>) -> Self;
}

macro_rules! single {
    ($type:ident, $register:ident) => {
        impl Handle for $type {
            const KIND: Kind = Kind::$type;

            fn labels() -> Vec<LabelSet> {
                Vec::new()
            }

            fn register(recorder: &dyn Recorder, name: &'static str) -> Self {
                Self::series(recorder, name, &[])
            }
        }

        impl Single for $type {
            fn series(recorder: &dyn Recorder, name: &'static str, series: Series<'_>) -> Self {
                recorder.$register(&key(name, series), &METADATA)
            }
        }
    };
}

single!(Counter, register_counter);
single!(Gauge, register_gauge);
single!(Histogram, register_histogram);

/// One series for each value of the label `L`.
pub struct By<L, H> {
    series: Box<[H]>,
    label: PhantomData<fn(L)>,
}

/// A counter for each value of `L`.
pub type Counters<L> = By<L, Counter>;
/// A gauge for each value of `L`.
pub type Gauges<L> = By<L, Gauge>;

impl<L: Label, H> By<L, H> {
    /// The series of `label`; none for an empty set of flags.
    #[must_use]
    pub fn get(&self, label: L) -> Option<&H> {
        self.series.get(label.index())
    }
}

impl<L: Label> By<L, Counter> {
    /// Adds `count` to the series of `label`.
    pub fn add(&self, label: L, count: u64) {
        if let Some(counter) = self.get(label) {
            counter.increment(count);
        }
    }
}

impl<L: Label> By<L, Gauge> {
    /// Sets the series of `label`.
    pub fn set(&self, label: L, value: f64) {
        if let Some(gauge) = self.get(label) {
            gauge.set(value);
        }
    }
}

impl<L: Label, H: Single> Handle for By<L, H> {
    const KIND: Kind = H::KIND;

    fn labels() -> Vec<LabelSet> {
        vec![label_set::<L>()]
    }

    fn register(recorder: &dyn Recorder, name: &'static str) -> Self {
        let series = L::values()
            .into_iter()
            .map(|value| H::series(recorder, name, &[(L::NAME, value)]));
        Self {
            series: series.collect(),
            label: PhantomData,
        }
    }
}

/// A counter for each pair of values of `A` and `B`.
pub struct Grid<A, B> {
    series: Box<[Counter]>,
    columns: usize,
    labels: PhantomData<fn(A, B)>,
}

impl<A: Label, B: Label> Grid<A, B> {
    /// The series of one pair.
    #[must_use]
    pub fn get(&self, a: A, b: B) -> Option<&Counter> {
        let (row, column) = (a.index(), b.index());
        if column >= self.columns {
            return None;
        }
        let at = row.checked_mul(self.columns)?.checked_add(column)?;
        self.series.get(at)
    }

    /// Adds `count` to the series of one pair.
    pub fn add(&self, a: A, b: B, count: u64) {
        if let Some(counter) = self.get(a, b) {
            counter.increment(count);
        }
    }
}

impl<A: Label, B: Label> Handle for Grid<A, B> {
    const KIND: Kind = Kind::Counter;

    fn labels() -> Vec<LabelSet> {
        vec![label_set::<A>(), label_set::<B>()]
    }

    fn register(recorder: &dyn Recorder, name: &'static str) -> Self {
        let mut series = Vec::new();
        for a in A::values() {
            for b in B::values() {
                series.push(Counter::series(
                    recorder,
                    name,
                    &[(A::NAME, a), (B::NAME, b)],
                ));
            }
        }
        Self {
            series: series.into_boxed_slice(),
            columns: B::values().len(),
            labels: PhantomData,
        }
    }
}

fn label_set<L: Label>() -> LabelSet {
    LabelSet {
        name: L::NAME,
        values: L::values(),
    }
}
