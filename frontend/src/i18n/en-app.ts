import delivery from "../delivery/locale/en.json";
import editor from "../template-editor/locale/en.json";
import presence from "../presence/locale/en.json";
import preview from "../discord-preview/locale/en.json";
import account from "../features/account/locale/en.json";
import deliveries from "../features/deliveries/locale/en.json";
import overview from "../features/overview/locale/en.json";
import servers from "../features/servers/locale/en.json";
import team from "../features/team/locale/en.json";
import watch from "../features/watch/locale/en.json";

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
