import { Alert, Button, Group, Radio, Stack, Table, Text, VisuallyHidden } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useBlocker } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { FieldError } from "~/api/problem";
import { Dialog } from "./Dialog";
import type { Conflict } from "./merge";
import { ProblemAlert } from "./ProblemCard";
import classes from "./DocumentBar.module.css";
import type { EditedDocument } from "./useDocument";

/** A document's fields as people know them. */
interface Words<T extends object> {
  label: (field: keyof T & string) => string;
  /** A field's value. */
  show: (field: keyof T & string, value: T) => ReactNode;
  /** What is wrong with a field, in the reader's language; the API's own words unless said. */
  explain?: (error: FieldError) => string;
}

/** The bar with Save and Discard, which comes with the first change; conflicts; leaving unsaved. */
export function DocumentBar<T extends object>({
  document,
  words,
}: {
  document: EditedDocument<T>;
  words: Words<T>;
}) {
  const { t } = useTranslation();
  const save = () => void document.save();
  useHotkeys([["mod+S", () => document.dirty && save()]], [], true);
  return (
    <>
      <LeaveGuard document={document} />
      {document.conflict && (
        <ConflictDialog conflict={document.conflict} words={words} onResolve={document.resolve} />
      )}
      <div className={classes.bar} data-shown={document.dirty || undefined} role="status">
        {document.dirty && (
          <Stack gap="xs">
            {document.problem && (
              <ProblemAlert
                problem={document.problem}
                // Beside Save another button would only be a twin of it.
                onRetry={document.problem.retryAfter === null ? undefined : save}
              />
            )}
            {document.fieldErrors.length > 0 && (
              <Alert color="red" icon={<IconAlertTriangle />} title={t("form.checkFields")}>
                {document.fieldErrors.map((error) => (
                  <Text size="sm" key={error.field + error.code}>
                    {words.explain?.(error) ?? error.message}
                  </Text>
                ))}
              </Alert>
            )}
            <Group justify="space-between" gap="sm">
              <Text fw={600}>{document.restored ? t("form.restored") : t("form.unsaved")}</Text>
              <Group gap="sm">
                <Button variant="default" onClick={document.discard} disabled={document.saving}>
                  {t("form.discard")}
                </Button>
                <Button onClick={save} loading={document.saving}>
                  {t("form.save")}
                </Button>
              </Group>
            </Group>
          </Stack>
        )}
      </div>
    </>
  );
}

function LeaveGuard<T extends object>({ document }: { document: EditedDocument<T> }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => document.dirty && current.pathname !== next.pathname,
    // A reload loses nothing: the draft is kept.
    enableBeforeUnload: false,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  const leave = () => {
    document.discard();
    blocker.proceed();
  };
  const saveAndLeave = async () => {
    if (await document.save()) blocker.proceed();
    else blocker.reset();
  };
  return (
    <Dialog opened onClose={blocker.reset} title={t("form.leaveTitle")} centered>
      <Text>{t("form.leaveText")}</Text>
      <Group mt="lg" justify="flex-end" gap="sm">
        <Button variant="default" onClick={leave}>
          {t("form.leaveDiscard")}
        </Button>
        <Button variant="default" onClick={blocker.reset}>
          {t("form.leaveStay")}
        </Button>
        <Button onClick={() => void saveAndLeave()} loading={document.saving} data-autofocus>
          {t("form.leaveSave")}
        </Button>
      </Group>
    </Dialog>
  );
}

function ConflictDialog<T extends object>({
  conflict,
  words: { label, show },
  onResolve,
}: {
  conflict: Conflict<T>;
  words: Words<T>;
  onResolve: (value: T) => void;
}) {
  const { t } = useTranslation();
  const [theirs, setTheirs] = useState<ReadonlySet<string>>(new Set());
  const choose = (field: string, side: string) => {
    const next = new Set(theirs);
    if (side === "theirs") next.add(field);
    else next.delete(field);
    setTheirs(next);
  };
  const resolve = () => {
    const value = { ...conflict.mine };
    for (const field of conflict.fields) {
      if (theirs.has(field)) value[field] = conflict.theirs[field];
    }
    onResolve(value);
  };
  return (
    <Dialog
      opened
      onClose={resolve}
      title={t("conflict.title")}
      size="lg"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Text>{t("conflict.text")}</Text>
      <Table my="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("conflict.field")}</Table.Th>
            <Table.Th>{t("conflict.mine")}</Table.Th>
            <Table.Th>{t("conflict.theirs")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {conflict.fields.map((field) => (
            <Table.Tr key={field}>
              <Table.Th scope="row">{label(field)}</Table.Th>
              {(["mine", "theirs"] as const).map((side) => (
                <Table.Td key={side}>
                  <Radio
                    name={`conflict-${field}`}
                    checked={theirs.has(field) === (side === "theirs")}
                    onChange={() => choose(field, side)}
                    label={
                      <>
                        <VisuallyHidden>
                          {label(field)}, {t(`conflict.${side}`)}:{" "}
                        </VisuallyHidden>
                        {show(field, conflict[side])}
                      </>
                    }
                  />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end">
        <Button onClick={resolve}>{t("conflict.resolve")}</Button>
      </Group>
    </Dialog>
  );
}
