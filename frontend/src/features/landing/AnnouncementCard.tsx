import { Button, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./AnnouncementCard.module.css";

/** A stream goes live, and Discord shows it: still until somebody presses the button. */
export function AnnouncementCard() {
  const { t } = useTranslation("landing");
  const [run, setRun] = useState(0);
  return (
    <figure className={classes.card}>
      <div className={classes.control}>
        <Text size="sm" fw={600} component="figcaption">
          {t("demo.caption")}
        </Text>
        <Button
          size="xs"
          variant="light"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => setRun(run + 1)}
        >
          {t("demo.play")}
        </Button>
      </div>
      {/* A new key starts the animations again. */}
      <div key={run} data-played={run > 0 || undefined} className={classes.scene}>
        <Steps />
        <div role="img" aria-label={t("demo.message")} className={classes.discord}>
          <Message />
        </div>
      </div>
    </figure>
  );
}

function Steps() {
  const { t } = useTranslation("landing");
  return (
    <ol className={classes.steps}>
      <li>
        <b>{t("demo.live")}</b>
        <span>0 ms</span>
      </li>
      <li>
        <b>{t("demo.received")}</b>
        <span>+ 10 ms</span>
      </li>
      <li>
        <b>{t("demo.posted")}</b>
        <span>+ 0.8 s</span>
      </li>
    </ol>
  );
}

/** The product's own announcement as Discord draws it. */
function Message() {
  const { t } = useTranslation("landing");
  return (
    <>
      <p className={classes.channel}># live-now</p>
      <div className={classes.message}>
        <img src="/favicon.svg" alt="" width={40} height={40} className={classes.avatar} />
        <div className={classes.body}>
          <p className={classes.line}>
            <span className={classes.bot}>StreamMaxing</span>
            <span className={classes.app}>APP</span>
            <span className={classes.muted}>{t("demo.time")}</span>
          </p>
          <p className={classes.line}>
            <span className={classes.mention}>@Live pings</span> <b>Mira</b> is live:{" "}
            <span className={classes.link}>https://www.twitch.tv/mira</span>
          </p>
          <div className={classes.embed}>
            <p className={classes.author}>Mira</p>
            <p className={classes.embedTitle}>Any% until the world record falls</p>
            <div className={classes.fields}>
              <Field name="Game" value="Celeste" />
              <Field name="Viewers" value="1,204" />
              <Field name="Started" value={t("demo.ago")} />
            </div>
            <div className={classes.picture}>
              <span className={classes.live}>LIVE</span>
            </div>
            <p className={classes.muted}>Twitch · {t("demo.time")}</p>
          </div>
        </div>
      </div>
    </>
  );
}

function Field({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <b>{name}</b>
      <span>{value}</span>
    </div>
  );
}
