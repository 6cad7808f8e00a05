import rules from "../rules/locale/en.json";
import audit from "../features/audit/locale/en.json";
import notifications from "../features/notifications/locale/en.json";
import streamers from "../features/streamers/locale/en.json";
import templates from "../features/templates/locale/en.json";

/** The texts of the pages on which a server is set up, by namespace. */
export default { rules, audit, notifications, streamers, templates };
