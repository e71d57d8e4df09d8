//! Each part of a document as TOML lines, every key that has a value.

use std::fmt::Display;

use super::inline::{self, date, quoted};
use crate::catalog::document::{
    AdDoc, BrandDoc, CatalogDoc, ChannelDoc, ContractDoc, ContractMore, EventTypeDoc,
    ExceptionListDoc, PartnerDoc, PostbackDoc, ProgramDoc, PromoCodeDoc, PropertyDoc, RetiredDoc,
};

/// The text of `doc`, with the version it is based on.
#[must_use]
pub fn export(doc: &CatalogDoc) -> String {
    let mut text = Text(String::new());
    let CatalogDoc {
        version,
        brands,
        programs,
        exception_lists,
        channels,
        event_types,
        ads,
        partners,
        promo_codes,
        contracts,
        postbacks,
        retired,
    } = doc;
    text.pair("version", version);
    for brand in brands {
        text.brand(brand);
    }
    for program in programs {
        text.program(program);
    }
    for list in exception_lists {
        text.exception_list(list);
    }
    for channel in channels {
        text.channel(channel);
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
    for code in promo_codes {
        text.promo_code(code);
    }
    for contract in contracts {
        text.contract(contract);
    }
    for postback in postbacks {
        text.postback(postback);
    }
    if !retired.is_empty() {
        text.retired(retired);
    }
    text.0
}

struct Text(String);

impl Text {
    fn brand(&mut self, brand: &BrandDoc) {
        let BrandDoc {
            sid,
            name,
            signatures,
            line: _,
        } = brand;
        self.line("\n[[brand]]");
        self.pair("sid", quoted(sid));
        self.pair("name", quoted(name));
        self.maybe("signatures", signatures.as_deref().map(quoted));
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
            risk,
            late_limit,
            page_load,
            cookie,
            site_hosts,
            blocked_networks,
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
        self.pair("risk", quoted(risk));
        self.pair("late_limit", quoted(late_limit));
        self.pair("page_load", page_load);
        self.pair("cookie", cookie);
        self.list("site_hosts", site_hosts, |host| quoted(host));
        self.list("blocked_networks", blocked_networks, |range| quoted(range));
    }

    fn event_type(&mut self, kind: &EventTypeDoc) {
        let EventTypeDoc {
            program,
            id,
            code,
            name,
            category,
            state,
            credit_policy,
            order_id_window,
            needs_items,
            customer_status,
            dispositions,
            locking_dispositions,
            credit_non_preferred,
            call,
            line: _,
        } = kind;
        self.line("\n[[event_type]]");
        self.pair("program", program);
        self.pair("id", id);
        self.maybe("code", code.as_deref().map(quoted));
        self.pair("name", quoted(name));
        self.pair("category", quoted(category));
        self.pair("state", quoted(state));
        self.maybe("credit_policy", credit_policy.as_deref().map(quoted));
        self.maybe("order_id_window", order_id_window.as_deref().map(quoted));
        self.pair("needs_items", needs_items);
        if !customer_status.is_empty() {
            let words = customer_status.iter();
            let words = words.map(|(sent, own)| format!("{} = {}", inline::key(sent), quoted(own)));
            let words: Vec<_> = words.collect();
            self.pair("customer_status", format!("{{ {} }}", words.join(", ")));
        }
        self.list("dispositions", dispositions, |code| quoted(code));
        self.list("locking_dispositions", locking_dispositions, |code| {
            quoted(code)
        });
        self.pair("credit_non_preferred", credit_non_preferred);
        self.maybe("call", call.as_ref().map(inline::call));
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
            media_type,
            values,
            contact,
            account,
            properties,
            unique_urls,
            line: _,
        } = partner;
        self.line("\n[[partner]]");
        self.pair("id", id);
        self.pair("name", quoted(name));
        self.pair("state", quoted(state));
        self.maybe("group", group.as_deref().map(quoted));
        self.maybe("media_type", media_type.as_deref().map(quoted));
        self.list("values", values, |value| quoted(value));
        self.maybe("contact", contact.as_deref().map(quoted));
        self.maybe("account", account.as_deref().map(quoted));
        self.list("properties", properties, |PropertyDoc { id, name }| {
            format!("{{ id = {id}, name = {} }}", quoted(name))
        });
        self.list("unique_urls", unique_urls, |url| quoted(url));
    }

    fn contract(&mut self, contract: &ContractDoc) {
        let ContractDoc {
            program,
            partner,
            start,
            end,
            referral_window,
            payouts,
            more,
            line: _,
        } = contract;
        self.line("\n[[contract]]");
        self.pair("program", program);
        self.pair("partner", partner);
        self.pair("start", date(start));
        self.maybe("end", end.as_deref().map(date));
        self.pair("referral_window", quoted(referral_window));
        if let Some(more) = more {
            let ContractMore {
                credit_group,
                accepts,
                locking,
                scheduled,
            } = &**more;
            self.maybe("credit_group", credit_group.as_deref().map(quoted));
            let accepts = accepts.as_ref().map(|words| inline::texts(words));
            self.maybe("accepts", accepts);
            self.maybe("locking", locking.as_ref().map(inline::locking));
            self.list("scheduled", scheduled, inline::scheduled);
        }
        self.list("payouts", payouts, inline::payout);
    }

    fn exception_list(&mut self, list: &ExceptionListDoc) {
        let ExceptionListDoc {
            program,
            id,
            name,
            kind,
            compared,
            values,
            line: _,
        } = list;
        self.line("\n[[exception_list]]");
        self.pair("program", program);
        self.pair("id", id);
        self.pair("name", quoted(name));
        self.pair("type", quoted(kind));
        self.maybe("match", compared.as_deref().map(quoted));
        self.pair("values", "[");
        for value in values {
            self.line(&format!("    {},", quoted(value)));
        }
        self.line("]");
    }

    fn channel(&mut self, channel: &ChannelDoc) {
        let ChannelDoc {
            program,
            name,
            credit_group,
            rules,
            line: _,
        } = channel;
        self.line("\n[[channel]]");
        self.pair("program", program);
        self.pair("name", quoted(name));
        self.maybe("credit_group", credit_group.as_deref().map(quoted));
        self.list("rules", rules, inline::channel_rule);
    }

    fn promo_code(&mut self, code: &PromoCodeDoc) {
        let PromoCodeDoc {
            program,
            code,
            kind,
            partner,
            channel,
            credit_policy,
            start,
            end,
            line: _,
        } = code;
        self.line("\n[[promo_code]]");
        self.pair("program", program);
        self.pair("code", quoted(code));
        self.maybe("type", kind.as_deref().map(quoted));
        self.maybe("partner", partner.map(|id| id.to_string()));
        self.maybe("channel", channel.as_deref().map(quoted));
        self.maybe("credit_policy", credit_policy.as_deref().map(quoted));
        self.maybe("start", start.as_deref().map(date));
        self.maybe("end", end.as_deref().map(date));
    }

    fn postback(&mut self, postback: &PostbackDoc) {
        let PostbackDoc {
            id,
            program,
            audience,
            partner,
            event_type,
            kinds,
            method,
            url,
            body,
            content_type,
            delay,
            state,
            line: _,
        } = postback;
        self.line("\n[[postback]]");
        self.pair("id", id);
        self.pair("program", program);
        self.pair("audience", quoted(audience));
        self.maybe("partner", partner.map(|id| id.to_string()));
        self.maybe("event_type", event_type.map(|id| id.to_string()));
        self.maybe("kinds", kinds.as_ref().map(|kinds| inline::texts(kinds)));
        self.maybe("method", method.as_deref().map(quoted));
        self.pair("url", quoted(url));
        self.maybe("body", body.as_deref().map(quoted));
        self.maybe("content_type", content_type.as_deref().map(quoted));
        self.maybe("delay", delay.as_deref().map(quoted));
        self.pair("state", quoted(state));
    }

    fn retired(&mut self, retired: &RetiredDoc) {
        let RetiredDoc {
            programs,
            partners,
            ads,
            event_types,
            postbacks,
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
        self.list("postbacks", postbacks, ToString::to_string);
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
