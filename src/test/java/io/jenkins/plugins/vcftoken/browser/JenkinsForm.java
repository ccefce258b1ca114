package io.jenkins.plugins.vcftoken.browser;

import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.support.ui.Select;

/** A form on a page of Jenkins. */
final class JenkinsForm {

    private final JenkinsBrowser browser;
    private final String css;

    /** @param css selector of the form */
    JenkinsForm(JenkinsBrowser browser, String css) {
        this.browser = browser;
        this.css = css;
    }

    /**
     * Selects by visible form item: the inputs of checkboxes are hidden, as are the items of other credential kinds.
     */
    WebElement findField(String name) {
        return browser.await(
                name + " in " + css,
                driver -> browser.findAll(css + " [name='_." + name + "']").stream()
                        .filter(each -> findItem(each).isDisplayed())
                        .findFirst()
                        .orElse(null));
    }

    /** Also leaves the field, which triggers its validation. */
    JenkinsForm fill(String name, String text) {
        WebElement field = findField(name);
        field.clear();
        field.sendKeys(text, Keys.TAB);
        return this;
    }

    /** Expands a section until the field is visible; its button has no effect before Jenkins has initialized it. */
    JenkinsForm expand(String section, String name) {
        browser.await(name + " opened", driver -> {
            boolean shown = browser.findAll(css + " [name='_." + name + "']").stream()
                    .anyMatch(each -> findItem(each).isDisplayed());
            if (!shown) {
                press(section);
            }
            return shown;
        });
        return this;
    }

    /** For text with line breaks. */
    JenkinsForm paste(String name, String text) {
        WebElement field = findField(name);
        browser.executeScript(
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
                field,
                text);
        return this;
    }

    JenkinsForm check(String name) {
        browser.click(findItem(findField(name)).findElement(By.tagName("label")));
        return this;
    }

    JenkinsForm select(String name, String option) {
        browser.await(
                option + " in " + name,
                driver -> new Select(findField(name))
                        .getOptions().stream().anyMatch(each -> each.getText().contains(option)));
        new Select(findField(name)).selectByContainsVisibleText(option);
        return this;
    }

    /** Waits for a validation message. */
    JenkinsForm assertValidation(String name, String kind, String text) {
        browser.await(
                text + " under " + name,
                driver ->
                        findItem(findField(name))
                                .findElements(By.cssSelector(".validation-error-area ." + kind))
                                .stream()
                                .anyMatch(each ->
                                        each.isDisplayed() && each.getText().contains(text)));
        return this;
    }

    JenkinsForm assertHelp(String name) {
        WebElement item = findItem(findField(name));
        WebElement button = item.findElement(By.cssSelector(".jenkins-help-button"));
        browser.click(button);
        browser.await(
                "help of " + name,
                driver -> !item.findElement(By.cssSelector(".help")).getText().isBlank());
        browser.click(button);
        return this;
    }

    /** Adds an entry to a heterogeneous list. */
    JenkinsForm add(String button, String entry) {
        press(button);
        browser.click(browser.find(".jenkins-dropdown__item", entry));
        return this;
    }

    void press(String button) {
        browser.click(browser.find(css + " button", button));
    }

    private static WebElement findItem(WebElement field) {
        return field.findElement(By.xpath("ancestor::div[contains(@class, 'jenkins-form-item')][1]"));
    }
}
