import { use, useState } from "react";
import styles from "./discord-preview.module.css";
import { SettingContext, useWords } from "./setting";

/** A picture from a known host, or a box that says what would be there. */
export function Picture({
  url,
  alt,
  className,
}: {
  url: string;
  alt: string;
  className: string | undefined;
}) {
  const { t } = useWords();
  const { imageHosts } = use(SettingContext);
  const [failed, setFailed] = useState<string>();
  const { host, hostname } = URL.canParse(url) ? new URL(url) : { host: url, hostname: "" };
  if ((imageHosts.includes(host) || isSimulated(hostname)) && failed !== url) {
    return (
      <img
        className={className}
        src={url}
        alt={alt}
        loading="lazy"
        referrerPolicy="no-referrer"
        onError={() => setFailed(url)}
      />
    );
  }
  return (
    <span
      className={`${className} ${styles.noPicture}`}
      title={url}
      aria-hidden={alt === "" || undefined}
    >
      {alt !== "" && t("picture.from", { host })}
    </span>
  );
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Whether pictures come from the simulated Twitch, beside a dashboard on the same machine. */
function isSimulated(hostname: string): boolean {
  return LOOPBACK.includes(hostname) && LOOPBACK.includes(window.location.hostname);
}
