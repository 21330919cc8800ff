// Core's menu is open until someone closes it, and on a phone leaves 150 of 390 pixels to the page: there, ours begin with it closed.
// Written as core's script does it, which would otherwise open it again. Opening it removes the cookie; so the next page begins anew.
(() => {
    const menu = document.getElementById("sidenav");
    if (!menu || menu.classList.contains("nb-sidenav-collapsed") || !matchMedia("(max-width: 767.98px)").matches) {
        return;
    }
    document.cookie = "sidenav_collapsed=true; path=/; SameSite=Lax";
    menu.classList.add("nb-sidenav-collapsed");
    menu.querySelector(".nb-sidenav-toggler").setAttribute("aria-expanded", "false");
})();
