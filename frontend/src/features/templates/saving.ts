import { queryOptions } from "@tanstack/react-query";
import { api, ask, askTagged, type Schema, type Tagged } from "~/api/client";
import { queries } from "~/api/queries";
import { readMessage, type EmbedTemplate, type MessageTemplate } from "~/template-language";

/** A template as its form has it: parts that two people change can be told apart. */
export interface TemplateForm {
  name: string;
  content: string;
  embed: EmbedTemplate | null;
}

const message = ({ content, embed }: TemplateForm): MessageTemplate => ({ content, embed });

/** The body that the API takes. */
function bodyOf(form: TemplateForm): Schema["TemplateBody"] {
  return { name: form.name.trim(), message: wire(message(form)) };
}

/** The API describes a message as any object. */
export function wire(template: MessageTemplate): Record<string, never> {
  return template as unknown as Record<string, never>;
}

/** A template of the API for its form. */
export function formOf({ name, message: json }: { name: string; message: unknown }): TemplateForm {
  return { name, ...readMessage(json) };
}

const tagged = ({ value, etag }: Tagged<Schema["TemplateView"]>): Tagged<TemplateForm> => ({
  value: formOf(value),
  etag,
});

/** The template for its form. */
export const formQuery = (guildId: string, templateId: string) =>
  queryOptions({ ...queries.template(guildId, templateId), select: tagged });

/** Saves a template that was made from the version `etag`. */
export async function saveTemplate(
  guildId: string,
  templateId: string,
  form: TemplateForm,
  etag: string,
): Promise<Tagged<Schema["TemplateView"]>> {
  return askTagged(
    api.PUT("/api/guilds/{guild_id}/templates/{template_id}", {
      params: {
        path: { guild_id: guildId, template_id: templateId },
        header: { "If-Match": etag },
      },
      body: bodyOf(form),
    }),
  );
}

/** Stores a new template. */
export function createTemplate(guildId: string, name: string, template: MessageTemplate) {
  return ask(
    api.POST("/api/guilds/{guild_id}/templates", {
      params: { path: { guild_id: guildId } },
      body: { name, message: wire(template) },
    }),
  );
}

/** Deletes a template; who used it falls back to the level above. */
export function deleteTemplate(guildId: string, templateId: string) {
  return ask(
    api.DELETE("/api/guilds/{guild_id}/templates/{template_id}", {
      params: { path: { guild_id: guildId, template_id: templateId } },
    }),
  );
}
