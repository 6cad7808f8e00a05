import invite from "../features/invite/locale/en.json";
import landing from "../features/landing/locale/en.json";
import common from "./locale/en.json";

/** The texts that everybody needs, by namespace. */
export default { common, invite, landing };
