import { Button, Group, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem, type FieldError } from "~/api/problem";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { Page } from "~/ui/Page";
import { ProblemAlert } from "~/ui/ProblemCard";
import { toast } from "~/ui/toast";
import { categoriesOf, newCommand, type CommandForm } from "./command";
import { withoutChanged } from "./fieldErrors";
import { botQueries } from "./queries";
import { useErrorText } from "./useErrorText";

const CommandFields = lazy(() => import("./CommandFields"));

/** A form for a new command. */
export function NewCommand({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const commands = useQuery(botQueries.commands(channelId));
  const [form, setForm] = useState(newCommand);
  const [told, setTold] = useState<FieldError[]>([]);
  const errorOf = useErrorText(told);
  const patch = (change: Partial<CommandForm>) => {
    setForm((now) => ({ ...now, ...change }));
    setTold((now) => withoutChanged(now, change));
  };
  const create = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/channels/{channel_id}/commands", {
          params: { path: { channel_id: channelId } },
          body: form,
        }),
      ),
    onSuccess: async ({ id, name }) => {
      toast({ message: t("command.added", { name }) });
      void client.invalidateQueries({ queryKey: botQueries.commands(channelId).queryKey });
      await navigate({ to: paths.botCommand, params: { channelId, commandId: id }, replace: true });
    },
    onError: (error) => setTold(error instanceof Problem ? error.fields : []),
  });
  const general =
    create.error instanceof Problem && create.error.fields.length === 0 ? create.error : null;
  return (
    <Page title={t("command.newTitle")} text={t("command.newText")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Suspense fallback={<Skeleton height={560} radius="md" />}>
          <CommandFields
            form={form}
            patch={patch}
            errorOf={errorOf}
            variables={commands.data?.variables ?? []}
            categories={categoriesOf(commands.data?.commands ?? [])}
          />
        </Suspense>
        {general && <ProblemAlert problem={general} />}
        <Group mt="lg" gap="sm">
          <Button type="submit" loading={create.isPending}>
            {t("command.create")}
          </Button>
          <LinkButton to={paths.botCommands} params={{ channelId }} variant="default">
            {common("cancel")}
          </LinkButton>
        </Group>
      </form>
    </Page>
  );
}
