//! Order, limits, cancelling, idle threads, panics; letters before and after the end.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Mailbox, Pool, Task};

struct Run<F>(F);

impl<F: FnOnce() + Send> Task for Run<F> {
    fn run(self: Box<Self>) {
        (self.0)();
    }
}

const LONG: Duration = Duration::from_secs(60);

fn submit(pool: &Arc<Pool>, work: impl FnOnce() + Send + 'static) -> u64 {
    pool.submit(Box::new(Run(work))).unwrap()
}

/// A pool of one thread that is busy until the returned function is called.
fn busy(patience: Duration) -> (Arc<Pool>, impl FnOnce()) {
    let pool = Pool::new(1, patience);
    let (release, wait) = channel::<()>();
    let (started, has_started) = channel();
    submit(&pool, move || {
        started.send(()).unwrap();
        let _ = wait.recv();
    });
    has_started.recv().unwrap();
    (pool, move || drop(release))
}

fn finish(pool: &Arc<Pool>) {
    let (done, wait): (_, Receiver<()>) = channel();
    submit(pool, move || drop(done));
    let _ = wait.recv();
}

#[test]
fn tasks_start_in_the_order_in_which_they_were_given() {
    let (pool, release) = busy(LONG);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..100 {
        let order = Arc::clone(&order);
        submit(&pool, move || order.lock().unwrap().push(number));
    }
    release();
    finish(&pool);
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn no_more_threads_run_than_the_limit_says() {
    let pool = Pool::new(3, LONG);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (done, wait) = channel();
    for _ in 0..30 {
        let (running, most, done) = (Arc::clone(&running), Arc::clone(&most), done.clone());
        submit(&pool, move || {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::sleep(Duration::from_millis(2));
            running.fetch_sub(1, SeqCst);
            done.send(()).unwrap();
        });
    }
    drop(done);
    assert_eq!(wait.iter().count(), 30);
    assert_eq!(most.load(SeqCst), 3);
}

#[test]
fn a_task_is_taken_back_before_it_starts_and_never_runs() {
    let (pool, release) = busy(LONG);
    let ran = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&ran);
    let number = submit(&pool, move || {
        seen.fetch_add(1, SeqCst);
    });
    assert!(pool.cancel(number).is_some());
    assert!(pool.cancel(number).is_none());
    release();
    finish(&pool);
    assert_eq!(ran.load(SeqCst), 0);
}

#[test]
fn threads_end_when_there_is_nothing_to_do_and_start_again() {
    let (pool, release) = busy(Duration::from_millis(5));
    release();
    let begun = Instant::now();
    while pool.lock().threads != 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the thread ends");
        std::thread::sleep(Duration::from_millis(1));
    }
    finish(&pool);
}

#[test]
fn a_panic_ends_its_task_alone() {
    let pool = Pool::new(1, LONG);
    submit(&pool, || panic!("this panic is part of a test"));
    finish(&pool);
    assert_eq!(pool.lock().threads, 1);
}

#[test]
fn a_mailbox_rings_once_until_it_is_looked_into() {
    let mailbox = Mailbox::default();
    let rings = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&rings);
    mailbox.listen(Box::new(move || {
        heard.fetch_add(1, SeqCst);
    }));
    assert_eq!((mailbox.post(1), mailbox.post(2)), (None, None));
    assert_eq!((rings.load(SeqCst), mailbox.take()), (1, vec![1, 2]));
    assert_eq!(mailbox.post(3), None);
    assert_eq!((rings.load(SeqCst), mailbox.close()), (2, vec![3]));
}

#[test]
fn what_is_posted_to_a_closed_mailbox_is_given_back_and_nobody_is_rung_for() {
    let mailbox = Mailbox::default();
    mailbox.listen(Box::new(|| panic!("nobody listens any more")));
    mailbox.close();
    assert_eq!(mailbox.post(1), Some(1));
    assert!(mailbox.take().is_empty());
}
