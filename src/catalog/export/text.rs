//! Each part of a document as TOML lines, every key that has a value.

use std::fmt::Display;

use toml::Value;
use toml::value::Datetime;

use crate::catalog::document::{
    AdDoc, BrandDoc, CatalogDoc, ContractDoc, EventTypeDoc, PartnerDoc, PayoutDoc, ProgramDoc,
    PropertyDoc, RetiredDoc,
};

/// The text of `doc`, with the version it is based on.
#[must_use]
pub fn export(doc: &CatalogDoc) -> String {
    let mut text = Text(String::new());
    let CatalogDoc {
        version,
        brands,
        programs,
        event_types,
        ads,
        partners,
        contracts,
        retired,
    } = doc;
    text.pair("version", version);
    for brand in brands {
        text.brand(brand);
    }
    for program in programs {
        text.program(program);
    }
    for kind in event_types {
        text.event_type(kind);
    }
    for ad in ads {
        text.ad(ad);
    }
    for partner in partners {
        text.partner(partner);
    }
    for contract in contracts {
        text.contract(contract);
    }
    if !retired.is_empty() {
        text.retired(retired);
    }
    text.0
}

struct Text(String);

impl Text {
    fn brand(&mut self, brand: &BrandDoc) {
        let BrandDoc { sid, name, line: _ } = brand;
        self.line("\n[[brand]]");
        self.pair("sid", quoted(sid));
        self.pair("name", quoted(name));
    }

    fn program(&mut self, program: &ProgramDoc) {
        let ProgramDoc {
            id,
            brand,
            name,
            state,
            time_zone,
            currency,
            landing_page,
            deep_linking,
            deep_link_domains,
            click_id_parameter,
            unique_click_window,
            unique_click_type,
            partner_template,
            program_template,
            pay_expired_ads,
            late_limit,
            line: _,
        } = program;
        self.line("\n[[program]]");
        self.pair("id", id);
        self.pair("brand", quoted(brand));
        self.pair("name", quoted(name));
        self.pair("state", quoted(state));
        self.pair("time_zone", quoted(time_zone));
        self.pair("currency", quoted(currency));
        self.pair("landing_page", quoted(landing_page));
        self.pair("deep_linking", deep_linking);
        self.list("deep_link_domains", deep_link_domains, |domain| {
            quoted(domain)
        });
        self.pair("click_id_parameter", quoted(click_id_parameter));
        self.pair("unique_click_window", quoted(unique_click_window));
        self.pair("unique_click_type", quoted(unique_click_type));
        self.pair("partner_template", quoted(partner_template));
        self.pair("program_template", quoted(program_template));
        self.pair("pay_expired_ads", pay_expired_ads);
        self.pair("late_limit", quoted(late_limit));
    }

    fn event_type(&mut self, kind: &EventTypeDoc) {
        let EventTypeDoc {
            program,
            id,
            code,
            name,
            category,
            state,
            line: _,
        } = kind;
        self.line("\n[[event_type]]");
        self.pair("program", program);
        self.pair("id", id);
        self.maybe("code", code.as_deref().map(quoted));
        self.pair("name", quoted(name));
        self.pair("category", quoted(category));
        self.pair("state", quoted(state));
    }

    fn ad(&mut self, ad: &AdDoc) {
        let AdDoc {
            program,
            id,
            name,
            kind,
            landing_page,
            start,
            end,
            deep_linking,
            expired_landing_page,
            line: _,
        } = ad;
        self.line("\n[[ad]]");
        self.pair("program", program);
        self.pair("id", id);
        self.pair("name", quoted(name));
        self.pair("type", quoted(kind));
        self.maybe("landing_page", landing_page.as_deref().map(quoted));
        self.maybe("start", start.as_deref().map(date));
        self.maybe("end", end.as_deref().map(date));
        self.pair("deep_linking", deep_linking);
        self.maybe(
            "expired_landing_page",
            expired_landing_page.as_deref().map(quoted),
        );
    }

    fn partner(&mut self, partner: &PartnerDoc) {
        let PartnerDoc {
            id,
            name,
            state,
            group,
            properties,
            line: _,
        } = partner;
        self.line("\n[[partner]]");
        self.pair("id", id);
        self.pair("name", quoted(name));
        self.pair("state", quoted(state));
        self.maybe("group", group.as_deref().map(quoted));
        self.list("properties", properties, |PropertyDoc { id, name }| {
            format!("{{ id = {id}, name = {} }}", quoted(name))
        });
    }

    fn contract(&mut self, contract: &ContractDoc) {
        let ContractDoc {
            program,
            partner,
            start,
            end,
            referral_window,
            payouts,
            line: _,
        } = contract;
        self.line("\n[[contract]]");
        self.pair("program", program);
        self.pair("partner", partner);
        self.pair("start", date(start));
        self.maybe("end", end.as_deref().map(date));
        self.pair("referral_window", quoted(referral_window));
        self.list("payouts", payouts, payout);
    }

    fn retired(&mut self, retired: &RetiredDoc) {
        let RetiredDoc {
            programs,
            partners,
            ads,
            event_types,
        } = retired;
        self.line("\n[retired]");
        self.list("programs", programs, ToString::to_string);
        self.list("partners", partners, ToString::to_string);
        self.list("ads", ads, |ad| {
            format!("{{ program = {}, id = {} }}", ad.program, ad.id)
        });
        self.list("event_types", event_types, |kind| {
            format!("{{ program = {}, id = {} }}", kind.program, kind.id)
        });
    }

    fn pair(&mut self, key: &str, value: impl Display) {
        self.line(&format!("{key} = {value}"));
    }

    fn maybe(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.pair(key, value);
        }
    }

    /// A list with one value a line; nothing when it is empty.
    fn list<T>(&mut self, key: &str, values: &[T], show: impl Fn(&T) -> String) {
        if values.is_empty() {
            return;
        }
        self.line(&format!("{key} = ["));
        for value in values {
            self.line(&format!("    {},", show(value)));
        }
        self.line("]");
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

fn payout(payout: &PayoutDoc) -> String {
    let PayoutDoc {
        event_type,
        amount,
        rate,
    } = payout;
    let value = |key: &str, value: &Option<String>| match value {
        Some(value) => format!(", {key} = {}", quoted(value)),
        None => String::new(),
    };
    let (amount, rate) = (value("amount", amount), value("rate", rate));
    format!("{{ event_type = {event_type}{amount}{rate} }}")
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A TOML date where that reads back as the same text, else a string.
fn date(text: &str) -> String {
    match text.parse::<Datetime>() {
        Ok(date) if date.to_string() == text => date.to_string(),
        _ => quoted(text),
    }
}
