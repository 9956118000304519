//! `/v2/core/loader/reloadCurrent` and `ServerReloadRequest`: SDKs above a count shall go to
//! another server, at the next check and once (`grpc/reload-current`).

use super::{Connections, Reload};

/// Of its SDKs a server keeps at least this share when another server asks it to let some go.
const KEPT_SHARE: f64 = 0.9;

impl Connections {
    /// Keeps at most `count` SDKs; a negative count asks for nothing.
    pub fn reload(&mut self, count: i64, to: Option<&str>) {
        self.reload = (count >= 0).then(|| Reload { count, to: redirect(to) });
    }

    /// What another server asks; false when there are no more than that.
    pub fn reload_for_peer(&mut self, count: i64, to: Option<&str>) -> bool {
        let sdks = i64::try_from(self.sdks).unwrap_or(i64::MAX);
        if sdks <= count {
            return false;
        }
        let kept = (self.sdks as f64 * KEPT_SHARE) as i64;
        self.reload(count.max(kept), to);
        true
    }
}

/// The address of a `ConnectResetRequest`: split at every colon, the first two parts count; without
/// a colon there is none (`grpc/reload-client`).
pub fn redirect(address: Option<&str>) -> Option<(Box<str>, Box<str>)> {
    let address = address.filter(|address| !crate::model::java::is_blank(address))?;
    if !address.contains(':') {
        return None;
    }
    let parts = crate::model::java::split(address, ":");
    let (ip, port) = (parts.first()?, parts.get(1)?);
    Some(((*ip).into(), (*port).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_at_every_colon() {
        let of = |text| redirect(Some(text)).map(|(ip, port)| format!("{ip} {port}"));
        assert_eq!(of("10.1.2.3:8848"), Some("10.1.2.3 8848".to_owned()));
        assert_eq!(of("a:b:c"), Some("a b".to_owned()));
        assert_eq!(of("elsewhere"), None);
        assert_eq!(of(" "), None);
        assert_eq!(redirect(None), None);
    }
}
