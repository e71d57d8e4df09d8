//! The recorder behind the handles: makes every series, keeps histograms small, renders a scrape.
//!
//! In: the table of `telemetry::metric`. Out: [`Metrics`] for the stages and a page of text in the
//! Prometheus format. A recorder is a value, not a global: each test has its own. Histograms hold
//! their samples until [`Recorder::upkeep`] or a scrape folds them into buckets, so the daemon
//! calls upkeep every few seconds.

use std::sync::Arc;

use metrics::{KeyName, Recorder as _, SharedString};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::metric::{Kind, METRICS, MetricDef, Metrics};
use super::process;
use crate::model::time::Millis;

/// All series of one daemon and the way to render them.
pub struct Recorder {
    metrics: Arc<Metrics>,
    page: PrometheusHandle,
}

impl Recorder {
    /// Makes every series of the table at 0, for a process that started at `started`.
    ///
    /// # Errors
    /// When a histogram of the table has no buckets.
    pub fn new(started: Millis) -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for def in rows().filter(|def| def.kind == Kind::Histogram) {
            let matcher = Matcher::Full(String::from(def.name));
            builder = builder.set_buckets_for_metric(matcher, def.buckets)?;
        }
        let recorder = builder.build_recorder();
        for def in rows() {
            describe(&recorder, def);
        }
        let metrics = Arc::new(Metrics::register(&recorder));
        let seconds = std::time::Duration::from_millis(u64::try_from(started.0).unwrap_or(0));
        metrics.process.start_time.set(seconds.as_secs_f64());
        Ok(Self {
            metrics,
            page: recorder.handle(),
        })
    }

    /// The handles of all stages.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// One scrape: every series with its help, families in order of name. Reads `/proc/self`.
    #[must_use]
    pub fn render(&self) -> String {
        process::refresh(&self.metrics.process);
        let page = self.page.render();
        let mut families: Vec<&str> = page.split("\n\n").filter(|text| !text.is_empty()).collect();
        families.sort_unstable();
        let mut sorted = families.join("\n\n");
        sorted.push('\n');
        sorted
    }

    /// Folds the samples of histograms into their buckets; to be called every few seconds.
    pub fn upkeep(&self) {
        self.page.run_upkeep();
    }
}

fn rows() -> impl Iterator<Item = &'static MetricDef> {
    METRICS.iter().flat_map(|(_, rows)| rows.iter())
}

/// The unit is already in the name, so none is given here.
fn describe(recorder: &PrometheusRecorder, def: &MetricDef) {
    let name = KeyName::from_const_str(def.name);
    let help = SharedString::const_str(def.help);
    match def.kind {
        Kind::Counter => recorder.describe_counter(name, None, help),
        Kind::Gauge => recorder.describe_gauge(name, None, help),
        Kind::Histogram => recorder.describe_histogram(name, None, help),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::model::click::ClickFlags;
    use crate::telemetry::label::{ApiRoute, CodeClass, LinkOutcome};

    fn recorder() -> Recorder {
        Recorder::new(Millis(1_577_836_800_500)).unwrap()
    }

    fn samples(page: &str) -> Vec<&str> {
        page.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn every_series_of_the_table_is_there_from_the_start() {
        let page = recorder().render();
        let series = samples(&page);
        for def in rows() {
            assert!(
                page.contains(&format!("# HELP {} {}", def.name, def.help)),
                "{}: help",
                def.name
            );
            let count: usize = (def.labels)()
                .iter()
                .map(|label| label.values.len())
                .product();
            let found = series
                .iter()
                .filter(|line| line.split(['{', ' ']).next() == Some(def.name))
                .count();
            match def.kind {
                Kind::Histogram => {
                    assert!(
                        page.contains(&format!("{}_count 0", def.name)),
                        "{}",
                        def.name
                    );
                }
                Kind::Counter | Kind::Gauge => assert_eq!(found, count, "{}", def.name),
            }
        }
        assert!(page.contains("clickd_link_requests_total{outcome=\"uri_too_long\"} 0"));
        assert!(page.contains("clickd_process_start_timestamp_seconds 1577836800.5"));
        assert!(page.contains(concat!(
            "clickd_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        )));
    }

    #[test]
    fn counts_reach_their_own_series_and_add_none() {
        let recorder = recorder();
        let before = samples(&recorder.render()).len();
        let metrics = recorder.metrics();
        metrics.link.requests.add(LinkOutcome::NotFound, 3);
        metrics.link.flags.add(ClickFlags::UNKNOWN_PARTNER, 2);
        metrics.link.flags.add(ClickFlags::NONE, 9);
        metrics
            .api
            .requests
            .add(ApiRoute::Report, CodeClass::of(404), 5);
        metrics.log.batch_rows.record(20.0);
        recorder.upkeep();
        let page = recorder.render();
        for line in [
            "clickd_link_requests_total{outcome=\"not_found\"} 3",
            "clickd_link_requests_total{outcome=\"redirected\"} 0",
            "clickd_link_flags_total{flag=\"unknown_partner\"} 2",
            "clickd_api_requests_total{route=\"report\",code_class=\"4xx\"} 5",
            "clickd_log_batch_rows_bucket{le=\"12\"} 0",
            "clickd_log_batch_rows_bucket{le=\"20\"} 1",
            "clickd_log_batch_rows_sum 20",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert_eq!(samples(&page).len(), before);
    }

    #[test]
    fn two_recorders_do_not_share_a_series() {
        let (a, b) = (recorder(), recorder());
        a.metrics().fold.slots.increment(7);
        assert!(a.render().contains("clickd_fold_slots_total 7"));
        assert!(b.render().contains("clickd_fold_slots_total 0"));
    }

    #[test]
    fn a_scrape_passes_promtool() {
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool is needed: apt-get install prometheus");
        let mut stdin = promtool.stdin.take().unwrap();
        stdin.write_all(recorder().render().as_bytes()).unwrap();
        drop(stdin);
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}
