//! Where an arrival comes from that no partner sent: the brand's own channels.

use super::rule::{Operator, Values};
use super::terms::CreditGroup;

/// The channels of a program; the first that matches counts.
#[derive(Clone, Debug, Default)]
pub struct Channels(pub Vec<Channel>);

/// A channel of the brand's own, such as newsletters or paid search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name, unique in its program.
    pub name: Box<str>,
    /// All must hold. A channel without rules is never arrived by; promo codes can belong to it.
    pub when: Box<[ChannelRule]>,
    /// How it stands against partners; none means that it never takes credit.
    pub credit_group: Option<CreditGroup>,
}

/// One condition on an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRule {
    /// What is looked at.
    pub of: ChannelPart,
    /// How it is compared.
    pub operator: Operator,
    /// What with.
    pub values: Values,
}

/// What a channel rule may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelPart {
    /// `utm_source` of the page.
    UtmSource,
    /// `utm_medium` of the page.
    UtmMedium,
    /// `utm_campaign` of the page.
    UtmCampaign,
    /// Host of the page before.
    ReferrerHost,
    /// Names of the page's query parameters.
    QueryName,
}

/// What is known of an arrival; empty where it was not sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival<'a> {
    /// `utm_source`.
    pub utm_source: &'a str,
    /// `utm_medium`.
    pub utm_medium: &'a str,
    /// `utm_campaign`.
    pub utm_campaign: &'a str,
    /// Host of the page before.
    pub referrer_host: &'a str,
    /// Names of the query parameters.
    pub query_names: &'a [&'a str],
}

impl Channels {
    /// The channel of an arrival.
    #[must_use]
    pub fn of(&self, arrival: &Arrival<'_>) -> Option<&Channel> {
        self.0.iter().find(|channel| channel.is_of(arrival))
    }

    /// The channel with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Channel> {
        self.0.iter().find(|channel| *channel.name == *name)
    }
}

impl Channel {
    fn is_of(&self, arrival: &Arrival<'_>) -> bool {
        !self.when.is_empty() && self.when.iter().all(|rule| rule.holds(arrival))
    }
}

impl ChannelRule {
    fn holds(&self, arrival: &Arrival<'_>) -> bool {
        let one = [match self.of {
            ChannelPart::UtmSource => arrival.utm_source,
            ChannelPart::UtmMedium => arrival.utm_medium,
            ChannelPart::UtmCampaign => arrival.utm_campaign,
            ChannelPart::ReferrerHost => arrival.referrer_host,
            ChannelPart::QueryName => "",
        }];
        let texts = match self.of {
            ChannelPart::QueryName => arrival.query_names,
            _ => &one,
        };
        let mut texts = texts.iter();
        let found = texts.any(|text| self.values.are_like(self.operator, text));
        found != self.operator.is_negative()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(of: ChannelPart, operator: Operator, texts: &[&str]) -> ChannelRule {
        let texts = texts.iter().map(|text| (*text).into()).collect();
        ChannelRule {
            of,
            operator,
            values: Values::Texts(texts),
        }
    }

    fn channel(name: &str, when: Vec<ChannelRule>) -> Channel {
        Channel {
            name: name.into(),
            when: when.into(),
            credit_group: None,
        }
    }

    #[test]
    fn the_first_channel_whose_rules_all_hold_counts() {
        let channels = Channels(vec![
            channel("codes only", Vec::new()),
            channel(
                "paid",
                vec![
                    rule(ChannelPart::UtmSource, Operator::Is, &["google", "bing"]),
                    rule(ChannelPart::UtmMedium, Operator::Is, &["cpc"]),
                ],
            ),
            channel(
                "clicks",
                vec![rule(ChannelPart::QueryName, Operator::Is, &["gclid"])],
            ),
            channel(
                "search",
                vec![
                    rule(
                        ChannelPart::ReferrerHost,
                        Operator::EndsWith,
                        &[".google.com"],
                    ),
                    rule(ChannelPart::QueryName, Operator::IsNot, &["partner"]),
                    rule(ChannelPart::UtmCampaign, Operator::IsNot, &["spring"]),
                ],
            ),
        ]);
        let name = |arrival: &Arrival<'_>| channels.of(arrival).map(|of| of.name.to_string());
        let mut arrival = Arrival {
            utm_source: "Google",
            utm_medium: "CPC",
            query_names: &["a", "GCLID"],
            ..Arrival::default()
        };
        assert_eq!(name(&arrival).as_deref(), Some("paid"));
        arrival.utm_medium = "";
        assert_eq!(name(&arrival).as_deref(), Some("clicks"));
        arrival.query_names = &["a"];
        assert_eq!(name(&arrival), None);
        arrival.referrer_host = "www.google.com";
        assert_eq!(name(&arrival).as_deref(), Some("search"));
        arrival.query_names = &["a", "partner"];
        assert_eq!(name(&arrival), None);
        arrival.query_names = &[];
        arrival.utm_campaign = "Spring";
        assert_eq!(name(&arrival), None);
        assert!(channels.named("search").is_some() && channels.named("none").is_none());
    }
}
