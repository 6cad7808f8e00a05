import invite from "../features/invite/locale/de.json";
import landing from "../features/landing/locale/de.json";
import common from "./locale/de.json";

/** The texts that everybody needs, by namespace. */
export default { common, invite, landing };
