//! Whole calls of C library functions, from a frame as JavaScript writes it to a result as it reads it.

use super::front::{Argument, Options, Outcome, View, everywhere};
use holdfast_core::plan::CallPlan;
use holdfast_core::registry::{Allocator, Handle};

const MATH: Option<&str> = if cfg!(all(target_os = "linux", target_env = "gnu")) { Some("libm.so.6") } else { None };

fn float(value: f64) -> Argument<'static> {
    Argument::Word(value.to_bits())
}

fn integer(value: i64) -> Argument<'static> {
    Argument::Word(value.cast_unsigned())
}

#[test]
fn calls_with_numbers() {
    everywhere(|front| {
        let abs = front.bind("abs", "i32(i32)");
        assert_eq!(front.call(&abs, &[integer(-5)]), Ok(Outcome::InFrame));
        assert_eq!(front.result() as u32, 5);
        let labs = front.bind("labs", "i64(i64)");
        front.call(&labs, &[integer(-(1 << 53) - 1)]).unwrap();
        assert_eq!(front.result(), (1 << 53) + 1);
        let sqrt = front.bind_in(MATH, "sqrt", "f64(f64)", Options::default());
        front.call(&sqrt, &[float(2.25)]).unwrap();
        assert_eq!(f64::from_bits(front.result()), 1.5);
        let pow = front.bind_in(MATH, "pow", "f64(f64,f64)", Options::default());
        front.call(&pow, &[float(2.0), float(-3.0)]).unwrap();
        assert_eq!(f64::from_bits(front.result()), 0.125);
    });
}

#[test]
fn passes_strings_in_scratch_and_returns_strings() {
    everywhere(|front| {
        let strlen = front.bind("strlen", "usize(str)");
        for text in ["", "hello", "grüße"] {
            front.call(&strlen, &[Argument::Text(text)]).unwrap();
            assert_eq!(front.result(), text.len() as u64);
        }
        let strchr = front.bind("strchr", "str(str,i32)");
        let found = front.call(&strchr, &[Argument::Text("grüße"), integer(i64::from(b'r'))]);
        assert_eq!(front.text(found).as_deref(), Some("rüße"));
        let absent = front.call(&strchr, &[Argument::Text("hello"), integer(i64::from(b'x'))]);
        assert_eq!(front.text(absent), None);
    });
}

#[test]
fn frees_a_returned_string_where_that_is_asked_for() {
    everywhere(|front| {
        let options = Options { free_result: true, errno: false };
        let strdup = front.bind_in(None, "strdup", "str(str)", options);
        let copied = front.call(&strdup, &[Argument::Text("copied, freed")]);
        assert_eq!(front.text(copied).as_deref(), Some("copied, freed"));
        assert_eq!(front.runtime.memory().counters().records, 0);
    });
}

#[test]
fn returns_addresses_as_handles_and_takes_handles_as_addresses() {
    everywhere(|front| {
        let malloc = front.bind("malloc", "ptr(usize)");
        let memset = front.bind("memset", "ptr(ptr,i32,usize)");
        let memcmp = front.bind("memcmp", "i32(ptr,*u8,usize)");
        front.call(&malloc, &[integer(4)]).unwrap();
        let block = front.handle();
        assert_eq!(front.runtime.memory().allocator(block), Ok(Allocator::Borrowed));
        front.call(&memset, &[Argument::Handle(block), integer(7), integer(4)]).unwrap();
        assert_eq!(front.handle(), block, "the same address is the same record");
        front.call(&memcmp, &[Argument::Handle(block), Argument::Bytes(&[7; 4]), integer(4)]).unwrap();
        assert_eq!(front.result() as u32, 0);
        front.runtime.memory().free(block, Some(Allocator::C)).unwrap();
        let free = front.bind("free", "void(ptr)");
        assert_eq!(front.call(&free, &[Argument::Handle(Handle::NULL)]), Ok(Outcome::InFrame));
    });
}

#[test]
fn an_address_inside_the_frame_comes_back_expired() {
    everywhere(|front| {
        let strchr = front.bind("strchr", "ptr(str,i32)");
        front.call(&strchr, &[Argument::Text("gone"), integer(i64::from(b'n'))]).unwrap();
        assert_eq!(front.handle(), Handle::EXPIRED);
        front.call(&strchr, &[Argument::Text("gone"), integer(i64::from(b'x'))]).unwrap();
        assert_eq!(front.handle(), Handle::NULL);
    });
}

#[test]
fn passes_buffers_in_place() {
    everywhere(|front| {
        let memcpy = front.bind("memcpy", "ptr(*u8,*u8,usize)");
        let mut target = [0u8; 8];
        let views = [View { address: target.as_mut_ptr() as usize, length: target.len() }];
        let arguments = [Argument::View(0), Argument::Bytes(b"in place"), integer(8)];
        front.call_with(&memcpy, &arguments, &views).unwrap();
        assert_eq!(&target, b"in place");
    });
}

#[test]
fn passes_and_returns_structs_by_value() {
    everywhere(|front| {
        let div = front.bind("div", "{i32,i32}(i32,i32)");
        front.call(&div, &[integer(-17), integer(5)]).unwrap();
        let (quotient, remainder) = front.frame().pair(CallPlan::RESULT);
        assert_eq!((quotient.cast_signed(), remainder.cast_signed()), (-3, -2));
    });
    #[cfg(unix)]
    everywhere(|front| {
        let inet_ntoa = front.bind("inet_ntoa", "str({u32})");
        let called = front.call(&inet_ntoa, &[Argument::Bytes(&[127, 0, 0, 1])]);
        assert_eq!(front.text(called).as_deref(), Some("127.0.0.1"));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn gathers_a_returned_struct_with_its_string_behind_the_slots() {
    everywhere(|front| {
        let gmtime = front.bind("gmtime", "*{[9]i32,i64,str}(*i64)");
        assert_eq!(front.call(&gmtime, &[Argument::Bytes(&[0; 8])]), Ok(Outcome::InFrame));
        let (frame, start) = (front.frame(), gmtime.frame_size);
        let (root, _) = frame.pair(start);
        let fields: Vec<u32> = (0..9).map(|i| frame.word(start + root + 4 * i)).collect();
        assert_eq!(fields, [0, 0, 0, 1, 0, 70, 4, 0, 0]);
        let (zone, length) = frame.pair(start + root + 48);
        assert_eq!(frame.copy_out(start + zone, length), b"GMT");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn passes_what_finds_no_register_on_the_stack() {
    everywhere(|front| {
        let getnameinfo = front.bind("getnameinfo", "i32(*[16]u8,u32,*u8,u32,*u8,u32,i32)");
        let mut address = [0u8; 16];
        address[..8].copy_from_slice(&[libc::AF_INET as u8, 0, 0, 80, 127, 0, 0, 1]);
        let (mut host, mut service) = ([0u8; 64], [0u8; 32]);
        let views = [&mut host[..], &mut service[..]]
            .map(|buffer| View { address: buffer.as_mut_ptr() as usize, length: buffer.len() });
        let numeric = integer(i64::from(libc::NI_NUMERICHOST | libc::NI_NUMERICSERV));
        let (host_view, service_view) = (Argument::View(0), Argument::View(1));
        let arguments =
            [Argument::Bytes(&address), integer(16), host_view, integer(64), service_view, integer(32), numeric];
        front.call_with(&getnameinfo, &arguments, &views).unwrap();
        assert_eq!((front.result() as u32, &host[..10], &service[..3]), (0, &b"127.0.0.1\0"[..], &b"80\0"[..]));
    });
}
