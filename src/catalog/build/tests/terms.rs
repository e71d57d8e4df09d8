//! Contracts.

use super::base::{check, check_more};

#[test]
fn contracts_are_checked_field_by_field() {
    let place = "line 36, contract of partner 280 with program 7 from 2026-01-01";
    for (from, to, field, piece) in [
        (
            "end = 2026-06-30",
            "end = 2025-12-31",
            "end",
            "not after the start",
        ),
        (
            "end = 2026-06-30",
            "referral_window = \"30\"",
            "referral_window",
            "no unit",
        ),
        (
            "end = 2026-06-30",
            "referral_window = \"0d\"",
            "referral_window",
            "zero",
        ),
        (
            "\"12.5%\"",
            "\"100.5%\"",
            "payout for event_type 70",
            "more than 100%",
        ),
        (
            "\"12.5%\"",
            "\"-1%\"",
            "payout for event_type 70",
            "no percentage",
        ),
        (
            "\"12.5%\"",
            "\"NaN%\"",
            "payout for event_type 70",
            "no percentage",
        ),
        (
            "\"12.5%\"",
            "\"1.00001%\"",
            "payout for event_type 70",
            "more than 4 decimals",
        ),
        (
            "\"5.00\"",
            "\"-5.00\"",
            "payout for event_type 71",
            "no decimal",
        ),
        (
            "\"5.00\"",
            "\"5.001\"",
            "payout for event_type 71",
            "more decimals",
        ),
        (
            "event_type = 71",
            "event_type = 70",
            "payout for event_type 70",
            "already used",
        ),
    ] {
        check(from, to, &[(&format!("{place}: {field}"), piece)]);
    }
}

#[test]
fn periods_of_one_partner_and_program_do_not_overlap() {
    let more = |start: &str| {
        format!("[[contract]]\nprogram = 7\npartner = 280\nstart = {start}\npayouts = []\n")
    };
    check_more(&more("2026-07-01"), &[]);
    check_more(
        &more("2026-06-30"),
        &[(
            "line 42, contract of partner 280",
            "overlaps that of the contract on line 36",
        )],
    );
    check_more(&more("2026-06-30T22:00:00Z"), &[]);
    check_more(&more("2026-06-30T21:59:59Z"), &[("line 42", "overlaps")]);
    check_more(
        &more("2025-12-31"),
        &[("line 36", "overlaps that of the contract on line 42")],
    );
}
