//! Numbers name one object at a time; the numbers of operations are their indices. Whole calls are in `tests/calls.rs`.
#![forbid(unsafe_code)]

use super::{Operation, Table};

#[test]
fn a_table_gives_out_numbers_from_one_and_reuses_those_of_removed_objects() {
    let mut table = Table::default();
    assert_eq!((table.get(0), table.is_empty()), (None, true));
    let [first, second] = ["first", "second"].map(|entry| table.insert(entry).unwrap());
    assert_eq!((first, second, table.len()), (1, 2, 2));
    assert_eq!(table.remove(first), Some("first"));
    assert_eq!((table.get(first), table.get(second), table.len()), (None, Some(&"second"), 1));
    assert_eq!(table.insert("third"), Ok(first));
    assert_eq!(table.values_mut().map(|entry| *entry).collect::<Vec<_>>(), ["third", "second"]);
}

#[test]
fn removing_what_a_number_does_not_name_changes_nothing() {
    let mut table = Table::default();
    let number = table.insert(7).unwrap();
    assert_eq!(table.remove(number), Some(7));
    for absent in [number, 0, 9, u32::MAX] {
        assert_eq!((table.remove(absent), table.get(absent)), (None, None));
    }
    assert_eq!((table.len(), table.insert(8)), (0, Ok(number)));
    assert_eq!(table.insert(9), Ok(number + 1), "a number removed twice is given out once");
}

#[test]
fn an_operations_number_is_its_index() {
    for (i, operation) in Operation::ALL.into_iter().enumerate() {
        assert_eq!(operation as usize, i);
    }
}
