//! Query and form of a request, read as every call of the instance API reads them, on every
//! version: nothing panics, and nothing takes longer than its length explains.
#![no_main]

use facos::Profile;
use facos::wire::v1::beat::{self, Beat};
use facos::wire::v1::instance::{self, NamedInstance, Withdrawal};
use facos::wire::v1::service_name;
use facos::wire::{BodyForm, Params};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    ["1.1.4", "1.2.1", "2.0.2"].map(|name| Profile::nacos(name).unwrap()).into()
});

const TYPES: [&str; 4] = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded;charset=GBK",
    "multipart/form-data; boundary=x",
    "text/plain",
];

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (choice, query, body) = input;
    let method = if choice & 4 == 0 { "POST" } else { "PUT" };
    let form = BodyForm::of(method, Some(TYPES[usize::from(choice & 3)]));
    for profile in &*PROFILES {
        let quirks = &profile.quirks;
        let Ok(mut params) = Params::read(Some(query), body, form, quirks) else { continue };
        beat::restrict_source(&mut params, quirks);
        let mut stood = beat::stood(&params);
        if let Ok(mut beat) = Beat::read(&params, quirks, &mut stood) {
            beat.call();
        }
        let _ = instance::registration(&params, quirks, true);
        let _ = Withdrawal::read(&params, quirks, true).map(|asked| asked.call().port);
        if let Ok(named) = NamedInstance::read_patched(&params, quirks) {
            let _ = named.patch(&params, quirks, None);
        }
        if let Ok(service) = service_name::unchecked(&params) {
            let _ = instance::batch(&params, &service, quirks, false);
        }
        if let Ok(key) = params.joined_required("key") {
            let _ = instance::statuses_key(&key, quirks);
        }
    }
});
