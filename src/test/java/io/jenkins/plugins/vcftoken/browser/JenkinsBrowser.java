package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.ExpectedCondition;
import org.openqa.selenium.support.ui.WebDriverWait;

/** Chromium on a running Jenkins, with assertions for console errors, accessibility and layout. */
final class JenkinsBrowser implements AutoCloseable {

    static final Duration TIMEOUT = Duration.ofSeconds(60);

    private static final Dimension DESKTOP = new Dimension(1100, 1000);
    private static final Dimension NARROW = new Dimension(400, 900);

    /** Accessibility violations of Jenkins core, which a plugin cannot fix: axe rule, and selector of the elements. */
    private static final Map<String, String> KNOWN_JENKINS_VIOLATIONS = Map.of(
            "label", ".jenkins-form-item.tr",
            "select-name", ".jenkins-form-item.tr, .dropdownList-container, #main-panel > form",
            "tabindex", ".jenkins-help-button",
            "color-contrast",
                    ".jenkins-alert-danger, .jenkins-alert-success, .jenkins-alert-warning p, .jenkins-alert-warning strong, .jenkins-alert-warning div, .jenkins-alert-warning li, .jenkins-app-bar__subtitle,"
                            + " .jenkins-form-description,"
                            + " .jenkins-page-description, .validation-error-area");

    private static final String REMEMBER_VIOLATIONS = """
            document.addEventListener('securitypolicyviolation', event => {
              const seen = JSON.parse(sessionStorage.getItem('violations') || '[]');
              seen.push(`${event.effectiveDirective} ${event.blockedURI} at ${event.documentURI}: ${event.sample}`);
              sessionStorage.setItem('violations', JSON.stringify(seen));
            });
            """;

    private final ChromeDriver driver;
    private final String root;

    /** @param root URL of Jenkins, with a trailing slash */
    JenkinsBrowser(String root) {
        this.root = root;
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium().orElseThrow());
        options.setCapability("goog:loggingPrefs", logs);
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        options.addArguments("--hide-scrollbars", "--force-device-scale-factor=1", "--force-prefers-reduced-motion");
        options.addArguments("--lang=en-US");
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver().orElseThrow())
                .usingAnyFreePort()
                .build();
        driver = new ChromeDriver(service, options);
        driver.manage().window().setSize(DESKTOP);
        driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", REMEMBER_VIOLATIONS));
    }

    /** Used in {@code @EnabledIf}. */
    static boolean isInstalled() {
        return chromium().isPresent() && chromedriver().isPresent();
    }

    private static Optional<File> chromium() {
        return findOnPath("chromium", "chromium-browser", "google-chrome");
    }

    private static Optional<File> chromedriver() {
        return findOnPath("chromedriver");
    }

    private static Optional<File> findOnPath(String... names) {
        return Stream.of(names)
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(folder -> new File(folder, name)))
                .filter(File::canExecute)
                .findFirst();
    }

    @Override
    public void close() {
        driver.quit();
    }

    // Navigation

    void signIn(String user) {
        signOut();
        visit("login");
        find("[name='j_username']").sendKeys(user);
        find("[name='j_password']").sendKeys(user);
        find("[name='Submit']").click();
        await("signed in", driver -> driver.findElements(By.name("j_password")).isEmpty());
    }

    void signOut() {
        driver.manage().deleteAllCookies();
    }

    /** Sets the {@code Accept-Language} header. */
    void setLanguage(String language) {
        driver.executeCdpCommand(
                "Emulation.setUserAgentOverride",
                Map.of("userAgent", executeScript("return navigator.userAgent"), "acceptLanguage", language));
    }

    void allowClipboard() {
        driver.executeCdpCommand(
                "Browser.grantPermissions",
                Map.of("permissions", List.of("clipboardReadWrite", "clipboardSanitizedWrite")));
    }

    /**
     * Runs a script in each page before its own scripts.
     *
     * @return action that removes the script
     */
    Runnable addInitScript(String script) {
        Map<String, Object> prepared =
                driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
        return () -> driver.executeCdpCommand("Page.removeScriptToEvaluateOnNewDocument", prepared);
    }

    void visit(String path) {
        driver.get(root + path);
    }

    String path() {
        return driver.getCurrentUrl().substring(root.length());
    }

    void useNarrowWindow() {
        resize(NARROW);
    }

    void useWindowWidth(int width) {
        resize(new Dimension(width, 900));
    }

    private void resize(Dimension size) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", size.width, "height", size.height, "deviceScaleFactor", 1, "mobile", false));
    }

    void useDesktopWindow() {
        driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    }

    /** Waits for the first visible element. */
    WebElement find(String css) {
        return await(css, driver -> findVisible(css).findFirst().orElse(null));
    }

    /** Waits for the first visible element that contains the text. */
    WebElement find(String css, String text) {
        return await(
                css + " with " + text,
                driver -> findVisible(css)
                        .filter(element -> element.getText().contains(text))
                        .findFirst()
                        .orElse(null));
    }

    private Stream<WebElement> findVisible(String css) {
        return driver.findElements(By.cssSelector(css)).stream().filter(WebElement::isDisplayed);
    }

    List<WebElement> findAll(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    /** Scrolls first, since the sticky bar at the bottom of forms may cover the element. */
    void click(WebElement element) {
        executeScript("arguments[0].scrollIntoView({block: 'center'})", element);
        element.click();
    }

    <T> T await(String what, ExpectedCondition<T> condition) {
        return new WebDriverWait(driver, TIMEOUT)
                .ignoring(StaleElementReferenceException.class)
                .withMessage(() -> what + ", at " + driver.getCurrentUrl())
                .until(condition);
    }

    Object executeScript(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    // Assertions

    /** Discards console errors about responses with this status, and fails for other errors. */
    void ignoreStatus(int status) {
        assertNoErrors(" the server responded with a status of " + status + " ");
    }

    void assertNoErrors() {
        assertNoErrors(null);
    }

    /** Checks for console errors and violations of the Content Security Policy since the last call. */
    private void assertNoErrors(@CheckForNull String expected) {
        List<String> errors = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()
                    && (expected == null || !entry.getMessage().contains(expected))) {
                errors.add(entry.getMessage());
            }
        }
        if (driver.getCurrentUrl().startsWith(root)) {
            String violations = (String) executeScript("const seen = sessionStorage.getItem('violations') || '[]';"
                    + "sessionStorage.removeItem('violations'); return seen;");
            if (!violations.equals("[]")) {
                errors.add(violations);
            }
        }
        assertThat(errors).as("console errors and CSP violations").isEmpty();
    }

    /** @param css the part of the page that belongs to the plugin */
    void assertAccessible(String css) {
        List<String> errors = new ArrayList<>();
        for (Rule rule : new AxeBuilder().include(List.of(css)).analyze(driver).getViolations()) {
            if (Set.of("serious", "critical").contains(rule.getImpact())) {
                rule.getNodes().stream()
                        .filter(node -> !isKnownJenkinsViolation(rule.getId(), node.getTarget()))
                        .forEach(node -> errors.add(rule.getId() + ": " + node.getHtml()));
            }
        }
        assertThat(errors).as("accessibility of " + path()).isEmpty();
    }

    /** @param target list with a single CSS selector, since there are no frames */
    private boolean isKnownJenkinsViolation(String rule, Object target) {
        String elements = KNOWN_JENKINS_VIOLATIONS.get(rule);
        return elements != null
                && (boolean) executeScript(
                        "return !!document.querySelector(arguments[0])?.closest(arguments[1])",
                        target.toString().replaceAll("^\\[|]$", ""),
                        elements);
    }

    /** Checks that no element extends beyond the right edge of the window. */
    void assertFits(String css) {
        assertFitsExcept(css, "#none");
    }

    /** @param scrollable selector of elements with a horizontal scroll bar, whose content is not checked */
    void assertFitsExcept(String css, String scrollable) {
        assertThat(executeScript("""
                        const width = document.documentElement.clientWidth;
                        return [...document.querySelectorAll(arguments[0])]
                          .flatMap(root => [root, ...root.querySelectorAll('*')])
                          .filter(each => !each.parentElement.closest(arguments[1]))
                          .filter(each => each.offsetParent && each.getBoundingClientRect().right > width + 1)
                          .map(each => each.outerHTML.substring(0, 200));
                        """, css, scrollable))
                .as("too wide for " + driver.manage().window().getSize())
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .isEmpty();
    }

    // Screenshots

    /** Writes an image of the element to docs/images, if {@code -Dscreenshots=true}. */
    void screenshot(String name, String css) {
        if (!Boolean.getBoolean("screenshots")) {
            return;
        }
        // In a tall window, the sticky bar of Jenkins is at the end of the form.
        resize(new Dimension(DESKTOP.width, 2 * DESKTOP.height));
        Object clip = executeScript("""
                document.activeElement.blur();
                window.scrollTo(0, 0);
                const box = arguments[0].getBoundingClientRect();
                const bottom = Math.max(...[...arguments[0].children].map(each => each.getBoundingClientRect().bottom));
                return {x: box.x, y: box.y, width: box.width, height: bottom - box.y + 10, scale: 2};
                """, find(css));
        Object png = driver.executeCdpCommand(
                        "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                .get("data");
        write(Path.of("docs", "images", name + ".png"), Base64.getDecoder().decode(png.toString()));
    }

    /** Writes an image of the whole page to target/looks, if {@code -Dlooks=true}. */
    void screenshotPage(String name) {
        if (Boolean.getBoolean("looks")) {
            Object png = driver.executeCdpCommand(
                            "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true))
                    .get("data");
            write(Path.of("target", "looks", name + ".png"), Base64.getDecoder().decode(png.toString()));
        }
    }

    void screenshotFailure(String name) {
        write(Path.of("target", "browser", name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    }

    private static void write(Path file, byte[] content) {
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
