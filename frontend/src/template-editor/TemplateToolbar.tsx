import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import {
  IconAt,
  IconBold,
  IconBraces,
  IconCode,
  IconEyeOff,
  IconItalic,
  IconStrikethrough,
} from "@tabler/icons-react";
import { useRef, useState, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { useTranslation } from "react-i18next";
import type { Values } from "~/template-language";
import { insertText, toggleMark, type MarkName } from "./commands";
import { sampleOf } from "./completion";
import { useTarget, type Target } from "./focus";
import type { TemplateVariable } from "./settings";
import styles from "./template-editor.module.css";

const ICON_SIZE = 18;
const MARK_ICONS: [MarkName, ReactNode][] = [
  ["bold", <IconBold key="bold" size={ICON_SIZE} />],
  ["italic", <IconItalic key="italic" size={ICON_SIZE} />],
  ["strike", <IconStrikethrough key="strike" size={ICON_SIZE} />],
  ["spoiler", <IconEyeOff key="spoiler" size={ICON_SIZE} />],
  ["code", <IconCode key="code" size={ICON_SIZE} />],
];

/** Buttons that act on the field that had the focus last. */
export function TemplateToolbar({
  variables,
  values,
}: {
  variables: readonly TemplateVariable[];
  values: Values;
}) {
  const { t } = useTranslation("editor");
  const target = useTarget();
  const toolbar = useRef<HTMLDivElement>(null);
  const [reached, setReached] = useState(0);
  const noField = target ? undefined : t("toolbar.noField");
  const noStyles = target && !takesStyles(target) ? t("toolbar.noStyles") : noField;
  const insert = (text: string) => act(target, ({ view }) => insertText(view, text));
  const tool = (place: number) => ({
    tabIndex: place === reached ? 0 : -1,
    onFocus: () => setReached(place),
  });
  return (
    // The focus goes to the tools within.
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div
      ref={toolbar}
      role="toolbar"
      aria-label={t("toolbar.label")}
      className={styles.toolbar}
      onKeyDown={(event) => moveFocus(event, toolbar.current)}
    >
      {MARK_ICONS.map(([name, icon], place) => (
        <Tool
          key={name}
          {...tool(place)}
          label={t(`toolbar.${name}`)}
          obstacle={noStyles}
          onClick={() => act(target, ({ view }) => toggleMark(view, name))}
        >
          {icon}
        </Tool>
      ))}
      <VariableMenu variables={variables} values={values} onPick={(name) => insert(`{${name}}`)}>
        <Tool {...tool(MARK_ICONS.length)} label={t("toolbar.variables")} obstacle={noField}>
          <IconBraces size={ICON_SIZE} />
        </Tool>
      </VariableMenu>
      <Tool
        {...tool(MARK_ICONS.length + 1)}
        label={t("toolbar.mention")}
        obstacle={noField}
        onClick={() => insert("{mention}")}
      >
        <IconAt size={ICON_SIZE} />
      </Tool>
    </div>
  );
}

function takesStyles({ context }: Target): boolean {
  return context === "content" || context === "embed";
}

function act(target: Target | undefined, action: (target: Target) => unknown) {
  if (!target) return;
  action(target);
  target.view.focus();
}

/** One stop for the Tab key; the arrows go from tool to tool. */
function moveFocus(event: KeyboardEvent, toolbar: HTMLElement | null) {
  const tools = Array.from(toolbar?.querySelectorAll<HTMLElement>("[data-tool]") ?? []);
  const at = tools.findIndex((tool) => tool === document.activeElement);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tools.length - 1 }[event.key];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  tools.at(next % tools.length)?.focus();
}

interface ToolProps {
  label: string;
  /** Why it cannot be used; it is said, not hidden. */
  obstacle: string | undefined;
  children: ReactNode;
  tabIndex: number;
  onFocus: () => void;
  onClick?: () => void;
  ref?: Ref<HTMLButtonElement>;
  /** Set while its menu is open. */
  "data-expanded"?: boolean;
}

function Tool({ label, obstacle, children, onClick, ...rest }: ToolProps) {
  const name = obstacle === undefined ? label : `${label}: ${obstacle}`;
  return (
    <Tooltip label={name} openDelay={400} disabled={rest["data-expanded"] === true}>
      <ActionIcon
        {...rest}
        data-tool
        variant="subtle"
        color="gray"
        size={32}
        aria-label={name}
        aria-disabled={obstacle !== undefined || undefined}
        data-disabled={obstacle !== undefined || undefined}
        // The field keeps the focus and what is selected in it.
        onMouseDown={(event) => event.preventDefault()}
        onClick={obstacle === undefined ? onClick : undefined}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function VariableMenu({
  variables,
  values,
  onPick,
  children,
}: {
  variables: readonly TemplateVariable[];
  values: Values;
  onPick: (name: string) => void;
  children: ReactNode;
}) {
  const { t } = useTranslation("editor");
  return (
    <Menu position="bottom-start" returnFocus={false} withinPortal>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown className={styles.menu}>
        {variables.map((variable) => (
          <Menu.Item key={variable.name} onClick={() => onPick(variable.name)}>
            <code className={styles.menuName}>{`{${variable.name}}`}</code>
            <span className={styles.menuAbout}>{variable.about}</span>
            <span className={styles.menuSample}>
              {t("variable.sample")} {sampleOf(variable, values) ?? t("variable.notSet")}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
