//! Speed.
use std::time::Instant;
use clickd::fold::Folder;
use clickd::log::{Clock, Log, Options, Outcome};
use clickd::model::click::*;
use clickd::model::id::*;
use clickd::model::time::Millis;
use super::same::{catch_up, open};

#[test]
fn speed() {
    let root = tempfile::tempdir_in("/work/wt-target").unwrap();
    let clicks: u64 = std::env::var("CLICKS").map_or(1_000_000, |n| n.parse().unwrap());
    let visitors: u64 = std::env::var("VISITORS").map_or(clicks, |n| n.parse().unwrap());
    let log = Log::open(&Options::new(root.path().join("log")), Clock::start_at(Millis(1_772_923_200_000 + 50_000_000))).unwrap();
    let world = super::world::World::new(1);
    world.begin(&log);
    let mut writer = log.writer();
    let agents: Vec<_> = (0..5000).map(|i| writer.intern(format!("Mozilla/5.0 Agent {i}").as_bytes()).unwrap()).collect();
    let t = Instant::now();
    let mut rng = 1_u64;
    for i in 0..clicks {
        rng = rng.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let r = rng >> 20;
        let (number, _) = writer.mint(writer.now());
        writer.count(ProgramId(1), Outcome::Received);
        let none: [(Parameter, &[u8]); 0] = [];
        let v = (rng >> 33) % visitors;
        writer.push(PartnerId(10 + (r % 2000) as u32), number, &Click { flags: ClickFlags::NONE, program: ProgramId(1 + (r % 3) as u32), ad: AdId(5), network: Network::V4([192,0,2]), visitor: Visitor(v.wrapping_mul(0x9e37_79b9_7f4a_7c15)), visitor_before: None, user_agent: agents[(r % 5000) as usize], referrer: StringRef(0), shape: StringRef(0), landing: StringRef(0), parameters: none.into_iter() });
        if writer.is_full() || i % 500 == 0 { writer.commit().unwrap(); }
    }
    writer.commit().unwrap();
    log.seal().unwrap();
    println!("written in {:?}, slots {}", t.elapsed(), log.sealed().0);
    let derived = open(&root.path().join("derived"), &log);
    for _ in 0..3 {
        let mut folder = Folder::new(log.clone(), derived.next_generation().unwrap());
        let cpu = cpu();
        let t = Instant::now();
        catch_up(&mut folder, &log);
        println!("folded {} clicks/s wall {:?}, thread cpu {:?}", clicks as f64 / t.elapsed().as_secs_f64(), t.elapsed(), self::cpu() - cpu);
        folder.generation().retire();
    }
}
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
