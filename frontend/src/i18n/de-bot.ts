import bot from "../features/bot/locale/de.json";

/** The texts of the chat bot's pages, by namespace. */
export default { bot };
