//! What is kept of how a conversion came about.

use crate::derived::Path;
use crate::model::refusal::Refusal;
use crate::model::submission::Reference;
use crate::model::time::{MINUTE, SECOND};

use super::fixture::{Scene, click, customer};

#[test]
fn a_path_keeps_its_newest_steps_and_those_that_matter() {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    for step in 0..40 {
        scene.came(customer(), click(10 + step % 2, i64::from(step) * SECOND));
    }
    scene.first_click();
    scene.name(click(11, SECOND));
    let path = scene.path();
    assert_eq!(path.steps.len(), Path::STEPS_MAX);
    assert_eq!((path.winner, path.named), (Some(0), Some(1)));
    let times: Vec<i64> = path.steps.iter().map(|step| step.touch.time.0).collect();
    assert!(times.is_sorted());
    assert_eq!(path.steps[2].touch.number, click(10, 10 * SECOND).number);
    let lost = path
        .steps
        .iter()
        .filter(|step| step.verdict == Some(Refusal::OtherRefPrioritized));
    assert_eq!(lost.count(), Path::STEPS_MAX - 1);
}

#[test]
fn each_step_says_why_it_did_not_earn() {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    scene.came(customer(), click(11, MINUTE));
    scene.came(customer(), click(12, 2 * MINUTE));
    scene.contract(12).referral_window = 1;
    let verdicts = |scene: &Scene| {
        let path = scene.path();
        let steps = path.steps.iter();
        steps.map(|step| step.verdict).collect::<Vec<_>>()
    };
    let outside = Some(Refusal::OutsideAssociationWindow);
    assert_eq!(
        verdicts(&scene),
        [Some(Refusal::OtherRefPrioritized), None, outside]
    );
    scene.event_type().active = false;
    assert_eq!(verdicts(&scene), [Some(Refusal::ActionTrackerNotActive); 3]);
}
