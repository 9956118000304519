//! The clean-up of services that stay empty (`EmptyServiceAutoClean`), which 1.2 does when
//! `nacos.naming.empty-service.auto-clean` is on.

use super::ServiceKeyed;
use crate::registry::scope::Scope;

/// A service goes when it was found empty more often than this before.
const MAX_EMPTY_LOOKS: u32 = 3;

impl ServiceKeyed {
    /// Looks at every service.
    pub(super) fn clean(&mut self, scope: &mut Scope<'_>) {
        if !scope.quirks.service.auto_clean {
            return;
        }
        let mut gone = Vec::new();
        for (slot, service) in &mut self.services {
            if !scope.is_mine(&service.key.name) {
                continue;
            }
            if !service.is_empty() {
                service.empty_looks = 0;
                continue;
            }
            if service.empty_looks > MAX_EMPTY_LOOKS {
                gone.push((slot, service.key.clone()));
            }
            service.empty_looks += 1;
        }
        for (slot, service) in gone {
            self.unstore(scope, slot, service);
        }
    }
}
