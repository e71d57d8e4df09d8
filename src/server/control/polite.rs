//! Work that lets the public workers go first.

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Gives the calling thread only the CPU time that nobody else wants, for good: so it must be one
/// that only lives for this work, and take no lock that a worker waits for. A thread that is merely
/// of low priority keeps the CPU for milliseconds once it has got it; an idle one gives way at
/// once. Where the system does not allow it, the work is only less polite.
pub fn lower() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let lowered = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    if let Err(error) = lowered {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy,
    };

    #[test]
    fn only_the_calling_thread_is_lowered() {
        let before = thread_schedule_policy().unwrap();
        let lowered = std::thread::spawn(|| {
            super::lower();
            thread_schedule_policy().unwrap()
        });
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(lowered.join().unwrap(), idle);
        assert_eq!(thread_schedule_policy().unwrap(), before);
        assert_ne!(before, idle);
    }
}
