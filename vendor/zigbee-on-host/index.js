// zigbee-herdsman names zigbee-on-host (GPL-3.0) as a dependency. hanway is Apache-2.0 and drives
// EmberZNet only, so this stub takes its place and refuses to be loaded.
throw new Error(
  "zigbee-on-host is not part of hanway: the zoh adapter and zigbee-herdsman's main entry cannot be used",
);
