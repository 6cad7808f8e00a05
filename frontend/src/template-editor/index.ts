// An editor for the sources of message templates.
export { TemplateEditors } from "./focus";
export { TemplateField } from "./TemplateField";
export { TemplateToolbar } from "./TemplateToolbar";
