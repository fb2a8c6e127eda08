// Swagger UI of a deployment that has set no servers: node production_is_not_called.mjs ORIGIN

import { journey } from "./chromium.mjs";
import { DOCUMENTS, SwaggerUi } from "./swagger_ui.mjs";

const [origin] = process.argv.slice(2);
const expects = [
  /Content Security Policy directive: "connect-src 'self'"/,
  /Fetch API cannot load https:\/\/app\.neostore\.cloud/,
];

await journey({ name: "production", origin, expects }, async (page, picture) => {
  const ui = new SwaggerUi(page, origin);
  await ui.open(DOCUMENTS.documented);
  const block = ui.operation("get", "/api/{tenantId}/admin/apiKeys");
  await block.locator(".opblock-summary-control").click();
  await block.locator('tr[data-param-name="tenantId"] input').fill("demo");
  await block.locator("button.execute").click();
  await block.getByText("Failed to fetch").waitFor();
  await picture("1-refused", block);
});
