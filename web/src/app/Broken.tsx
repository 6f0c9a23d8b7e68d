import { CloudAlert } from "lucide-react";
import { isRouteErrorResponse, useRouteError } from "react-router";

import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { useTitle } from "./useTitle.ts";

/** Where a page failed: what happened, and the way back. Nothing that was saved is lost. */
export function Broken() {
  const error = useRouteError();
  useTitle("Something went wrong");
  return (
    <Empty alone icon={CloudAlert} title="Something went wrong here" action={<Button look="primary" onPress={() => location.reload()}>Load the page again</Button>}>
      {isRouteErrorResponse(error) ? `${error.status} ${error.statusText}` : error instanceof Error ? error.message : String(error)}
    </Empty>
  );
}
