import { assert, assertEquals } from "@std/assert";
import { embedded, markup } from "./html.ts";

Deno.test("markup() escapes inserted text, in elements and in attributes", () => {
  const hostile = `"><script>alert('&')</script>`;
  assertEquals(
    markup`<p title="${hostile}">${hostile}</p>`.text,
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">' +
      "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</p>",
  );
});

Deno.test("markup() inserts HTML unescaped, joins lists, and omits null, false and undefined", () => {
  const items = ["a", "b"].map((name) => markup`<li>${name}</li>`);
  assertEquals(
    markup`<ul>${items}</ul>${null}${false}${undefined}${0}`.text,
    [
      "<ul><li>a</li><li>b</li></ul>0",
    ].join(),
  );
});

Deno.test("embedded() is JSON that cannot end its script, and parses back", () => {
  const value = { a: "</script><!-- \u2028\u2029 &amp;", b: [1, null, "\\u003c"] };
  const { text } = embedded(value);
  assert(!/[<>&\u2028\u2029]/.test(text));
  assertEquals(JSON.parse(text), value);
});
