package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.joining;

import java.util.Comparator;
import java.util.List;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.ExecutableType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/** Formats classes of {@link Signatures} as sections of the text that {@link SignatureSources} reads. */
final class SignatureWriter {

    private final Types types;
    private final DeclarationFormatter declarations;
    private final Signatures signatures;

    SignatureWriter(Elements elements, Types types, Signatures signatures) {
        this.types = types;
        this.declarations = new DeclarationFormatter(elements);
        this.signatures = signatures;
    }

    String section(TypeElement type) {
        return SignatureSources.PACKAGE + type.getEnclosingElement() + ";\n"
                + type(type).replaceAll("(?m) +$", "");
    }

    private String type(TypeElement type) {
        List<Element> members = signatures.getMembers(type);
        String constants = members.stream()
                .filter(member -> member.getKind() == ElementKind.ENUM_CONSTANT)
                .map(member -> member.getSimpleName().toString())
                .collect(joining(",\n"));
        String rest = members.stream()
                .filter(member -> member.getKind() != ElementKind.ENUM_CONSTANT)
                .sorted(Comparator.comparing(SignatureWriter::rank).thenComparing(declarations::format))
                .map(this::member)
                .collect(joining());
        String constantsAndRest = constants + (type.getKind() == ElementKind.ENUM ? ";\n" : "") + rest;
        return declarations.format(type) + " {\n" + constantsAndRest.indent(4) + "}\n";
    }

    private static int rank(Element member) {
        return member.getKind().isField() ? 0 : member.getKind() == ElementKind.CONSTRUCTOR ? 1 : 2;
    }

    private String member(Element member) {
        if (member instanceof TypeElement type) {
            return type(type);
        }
        if (member instanceof VariableElement field) {
            boolean needsValue = field.getModifiers().contains(Modifier.FINAL) && field.getConstantValue() == null;
            return declarations.format(field) + (needsValue ? " = " + nonConstantValue(field.asType()) : "") + ";\n";
        }
        ExecutableElement method = (ExecutableElement) member;
        if (method.getKind() == ElementKind.CONSTRUCTOR) {
            return declarations.format(method) + superCall(method);
        }
        boolean hasNoBody = method.getModifiers().contains(Modifier.ABSTRACT)
                && method.getEnclosingElement().getKind() != ElementKind.ENUM;
        return declarations.format(method) + (hasNoBody ? ";\n" : SignatureSources.NO_BODY);
    }

    /** An expression that is no compile-time constant, so that the compiler does not inline it. */
    private static String nonConstantValue(TypeMirror type) {
        return switch (type.getKind()) {
            case BOOLEAN -> "Boolean.valueOf(false)";
            case CHAR -> "Character.valueOf('0')";
            case BYTE, SHORT, INT, LONG, FLOAT, DOUBLE -> "Byte.valueOf((byte) 0)";
            default -> "null";
        };
    }

    private String superCall(ExecutableElement constructor) {
        TypeElement constructed = UnavailableTypes.enclosingType(constructor);
        DeclaredType parent = (DeclaredType) constructed.getSuperclass();
        TypeElement parentElement = (TypeElement) parent.asElement();
        List<Element> known = signatures.getMembers(parentElement);
        ExecutableElement called =
                ElementFilter.constructorsIn(known.isEmpty() ? parentElement.getEnclosedElements() : known).stream()
                        .filter(candidate -> !DeclarationFormatter.isPrivate(candidate))
                        .min(Comparator.comparing(
                                candidate -> candidate.getParameters().size()))
                        .orElseThrow(() -> new IllegalStateException("no way to construct a " + constructed));
        if (called.getParameters().isEmpty()) {
            return SignatureSources.NO_BODY;
        }
        String arguments = ((ExecutableType) types.asMemberOf(parent, called))
                .getParameterTypes().stream()
                        .map(type ->
                                type.getKind().isPrimitive() ? zero(type) : "(" + declarations.name(type) + ") null")
                        .collect(joining(", "));
        return " { super(" + arguments + "); }\n";
    }

    private static String zero(TypeMirror primitive) {
        return switch (primitive.getKind()) {
            case BOOLEAN -> "false";
            case CHAR -> "'0'";
            case BYTE -> "(byte) 0";
            case SHORT -> "(short) 0";
            default -> "0";
        };
    }
}
