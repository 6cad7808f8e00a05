import bot from "../features/bot/locale/en.json";

/** The texts of the chat bot's pages, by namespace. */
export default { bot };
