//! Turns random types into layouts, and checks the rules that every C compiler keeps.

use holdfast_core::plan::{Layout, MAX_SIZE, Shape};
use holdfast_core::signature::{Aggregate, Type, read_type};

use super::random::Random;
use super::signatures::{text_of, type_of};

fn check(kind: &Type, layout: &Layout) {
    assert!(layout.align.is_power_of_two());
    match (kind, &layout.shape) {
        (Type::Array(item, count), Shape::Array { count: laid, item: inner }) => {
            assert_eq!((layout.size, layout.align), (inner.size * count, inner.align));
            assert_eq!(count, laid);
            check(item, inner);
        }
        (Type::Struct(aggregate), Shape::Members(members)) => {
            check_members(aggregate, layout, members);
            for pair in members.windows(2) {
                assert!(pair[0].0 + pair[0].1.size <= pair[1].0, "members do not overlap");
            }
        }
        (Type::Union(aggregate), Shape::Members(members)) => {
            check_members(aggregate, layout, members);
            assert!(members.iter().all(|(offset, _)| *offset == 0));
        }
        (Type::Scalar(scalar), Shape::Scalar(_)) => assert_eq!(layout.size, scalar.size()),
        (Type::Pointer(_), Shape::Pointer(_)) => assert_eq!(layout.size as usize, size_of::<usize>()),
        _ => panic!("another shape than the type: {kind:?}"),
    }
}

fn check_members(aggregate: &Aggregate, layout: &Layout, members: &[(u32, Layout)]) {
    assert_eq!(aggregate.members.len(), members.len());
    assert!(layout.size.is_multiple_of(layout.align));
    assert!(layout.align >= aggregate.align.unwrap_or(1));
    let pack = aggregate.pack.unwrap_or(u32::MAX);
    for (kind, (offset, member)) in aggregate.members.iter().zip(members) {
        assert!(offset.is_multiple_of(member.align.min(pack)));
        assert!(offset + member.size <= layout.size);
        check(kind, member);
    }
}

/// Layouts keep the rules of C.
pub(crate) fn lay_out(random: &mut Random) {
    let kind = type_of(random, 4);
    let Ok(layout) = Layout::of(&kind) else { return };
    assert!(layout.size <= MAX_SIZE);
    check(&kind, &layout);
    let text = text_of(&kind);
    let has_pointer = ["*", "ptr", "str", "fn("].iter().any(|name| text.contains(name));
    assert_eq!(layout.flat, !has_pointer, "{text}");
    let mut description = Vec::new();
    layout.describe(&mut description);
    assert_eq!(description[..2], [layout.size, layout.align]);
    // An array repeats: how far it reaches is the bounds check's to say.
    if matches!(layout.shape, Shape::Members(_)) {
        for offset in [layout.size, layout.size + 1, u32::MAX] {
            assert!(!layout.may_hold_pointer(offset), "{offset} of {text}");
        }
    }
}

/// Sizes beyond the limit are refused and never wrap.
pub(crate) fn multiply(random: &mut Random) {
    let mut text = text_of(&type_of(random, 2));
    let mut product = Layout::of(&read_type(&text).unwrap()).map_or(0, |layout| u64::from(layout.size));
    for _ in 0..3 {
        let count = random.next() as u32 >> random.below(32);
        text = format!("[{count}]{text}");
        product = product.saturating_mul(u64::from(count));
        match Layout::of(&read_type(&text).unwrap()) {
            Ok(layout) => assert_eq!(u64::from(layout.size), product),
            Err(_) => {
                assert!(product > u64::from(MAX_SIZE), "{text}");
                break;
            }
        }
    }
}
