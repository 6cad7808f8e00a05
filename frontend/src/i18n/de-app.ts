import delivery from "../delivery/locale/de.json";
import editor from "../template-editor/locale/de.json";
import presence from "../presence/locale/de.json";
import preview from "../discord-preview/locale/de.json";
import account from "../features/account/locale/de.json";
import deliveries from "../features/deliveries/locale/de.json";
import overview from "../features/overview/locale/de.json";
import servers from "../features/servers/locale/de.json";
import team from "../features/team/locale/de.json";
import watch from "../features/watch/locale/de.json";

/** The texts of the pages behind the sign-in, by namespace. */
export default {
  delivery,
  editor,
  presence,
  preview,
  account,
  deliveries,
  overview,
  servers,
  team,
  watch,
};
