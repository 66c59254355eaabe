/* The state of a page lives in its address, so that a view can be shared and the back button works. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const PATIENCE = 200; /* ms before typing or dragging reaches the address: browsers refuse to write it more often */

  /* `changed` is called after each change, whoever made it. */
  whyface.address = function (changed) {
    const read = () => new URLSearchParams(location.hash.slice(1));
    const address = { state: read(), change };
    let last = ""; /* the gesture that the last change was part of */
    let timer = 0;

    function write(how) {
      clearTimeout(timer);
      timer = 0;
      history[how](null, "", "#" + address.state);
    }

    /* Applies changes (an empty value removes its key); those of one gesture share an entry of the history. */
    function change(changes, gesture) {
      if (timer && gesture !== last) { write("replaceState"); }
      for (const [key, value] of Object.entries(changes)) {
        if (value) { address.state.set(key, value); } else { address.state.delete(key); }
      }
      if (!gesture || gesture !== last) { write("pushState"); } else { timer = timer || setTimeout(write, PATIENCE, "replaceState"); }
      last = gesture || "";
      changed();
    }

    window.addEventListener("hashchange", () => {
      clearTimeout(timer);
      timer = 0;
      last = "";
      address.state = read();
      changed();
    });
    window.addEventListener("pagehide", () => { if (timer) { write("replaceState"); } });
    return address;
  };
})();
