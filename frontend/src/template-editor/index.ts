// An editor for the sources of message templates.
export { TemplateEditors } from "./focus";
export type { ReportedError } from "./problems";
export type { TemplateVariable } from "./settings";
export { TemplateField, type TemplateFieldProps } from "./TemplateField";
export { TemplateToolbar } from "./TemplateToolbar";
