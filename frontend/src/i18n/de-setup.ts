import rules from "../rules/locale/de.json";
import audit from "../features/audit/locale/de.json";
import notifications from "../features/notifications/locale/de.json";
import streamers from "../features/streamers/locale/de.json";
import templates from "../features/templates/locale/de.json";

/** The texts of the pages on which a server is set up, by namespace. */
export default { rules, audit, notifications, streamers, templates };
