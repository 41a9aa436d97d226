module local/helm-unittest

go 1.26

require github.com/helm-unittest/helm-unittest v1.1.2

// Its own go.mod says so, too, but counts only where it is the main module.
replace github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0
